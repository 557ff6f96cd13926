//! What a websocket needs to be told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha1::{Digest, Sha1};

use crate::frame::{Role, Rules};
use crate::stream::Limits;

/// What a websocket needs to know; shared by all of one kind.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which end of the line this is. Default: the server.
    pub role: Role,
    /// Payload bytes that a frame may announce. Default: 1 MiB.
    pub frame_bytes_max: u64,
    /// Bytes that a message may have, all its fragments together, before and after inflating.
    /// Default: 1 MiB.
    pub message_bytes_max: usize,
    /// How long a peer may take for a message or frame that it has begun; none: for ever. Then it
    /// is closed with 1008. Default: 60 s.
    pub message_within: Option<Duration>,
    /// After how much silence a peer is sent a ping; none: never. Default: 30 s.
    pub ping_every: Option<Duration>,
    /// How long after a ping a peer may stay silent before it is given up. Default: 20 s.
    pub pong_within: Duration,
    /// How long a peer may take to answer a close. Default: 5 s.
    pub close_within: Duration,
    /// For how long a peer may send no message before it is closed with 1000; none: for ever.
    /// Default: none.
    pub quiet_max: Option<Duration>,
    /// From how many bytes on a message is compressed, where that was agreed. Default: 128.
    pub compress_bytes_min: usize,
    /// How hard to compress: from 1, fast, to 9, small. Default: 6.
    pub compress_level: u8,
    /// Where a client's masks come from. A server has no use for it.
    pub mask_keys: MaskKeys,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            role: Role::Server,
            frame_bytes_max: 1 << 20,
            message_bytes_max: 1 << 20,
            message_within: Some(Duration::from_secs(60)),
            ping_every: Some(Duration::from_secs(30)),
            pong_within: Duration::from_secs(20),
            close_within: Duration::from_secs(5),
            quiet_max: None,
            compress_bytes_min: 128,
            compress_level: 6,
            mask_keys: MaskKeys::default(),
        }
    }
}

impl Config {
    pub(crate) fn limits(&self, compression: bool) -> Limits {
        let rules = Rules { role: self.role, compression, frame_bytes_max: self.frame_bytes_max };
        Limits { rules, message_bytes_max: self.message_bytes_max }
    }

    /// Returns the key for the next frame to send: none for a server.
    pub(crate) fn next_mask(&self) -> Option<[u8; 4]> {
        (self.role == Role::Client).then(|| self.mask_keys.next())
    }
}

/// Makes the keys that a client masks its frames with: nobody who does not know the seed can
/// predict one from the others (RFC 6455 §10.3).
///
/// Clones share one counter, so that no two of them make the same keys.
#[derive(Clone, Debug, Default)]
pub struct MaskKeys {
    seed: [u8; 16],
    made: Arc<AtomicU64>,
}

impl MaskKeys {
    /// Starts from `seed`, for which a client takes random bytes from the operating system.
    pub fn new(seed: [u8; 16]) -> Self {
        Self { seed, made: Arc::default() }
    }

    fn next(&self) -> [u8; 4] {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        let hash = Sha1::new().chain_update(self.seed).chain_update(made.to_ne_bytes()).finalize();
        *hash.first_chunk().expect("a SHA-1 hash has twenty bytes")
    }
}
