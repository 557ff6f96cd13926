//! Which layer, and its limits.

use crate::capacity::Capacities;
use std::time::Duration;

/// The settings of a layer.
///
/// Those with a name from channels_redis must be the same in all processes that share a layer,
/// Django's included.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a message waits for its receiver; 60 seconds by default.
    pub expiry: Duration,
    /// How many messages a channel may hold (with the core layer on Redis, the inbox of a process;
    /// with the pub/sub layer, where nothing waits in Redis, it means nothing); 100 by default, and no exceptions. `capacity` and `channel_capacity` in channels_redis.
    pub capacity: Capacities,
    /// How long a message may be, in bytes; 1 MiB by default.
    pub message_bytes_max: usize,
    /// How deep lists and maps may be nested in a message that is read from others; 64 by default.
    pub message_depth_max: usize,
    /// How many channels this process may have; 1,000,000 by default.
    pub channels_max: usize,
    /// In how many groups a channel may be; 1,000 by default.
    pub groups_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            expiry: Duration::from_secs(60),
            capacity: Capacities { globs: Vec::new(), default: 100 },
            message_bytes_max: 1 << 20,
            message_depth_max: 64,
            channels_max: 1_000_000,
            groups_max: 1_000,
        }
    }
}
