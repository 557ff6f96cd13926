//! The settings of a layer on Redis.

use super::HostUrl;
use crate::Settings;
use std::fmt;
use std::time::Duration;

/// The settings of a layer on Redis.
///
/// Those that channels_redis has too (from `hosts` to `symmetric_encryption_keys`, and `expiry` and
/// `capacity` in `common`) must be the same in all processes that share the layer; by default they
/// are channels_redis' defaults.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The hosts, in the same order everywhere; one on this machine by default.
    pub hosts: Vec<HostUrl>,
    /// What begins all keys; `asgi` by default.
    pub prefix: String,
    /// How messages are written; MessagePack by default.
    pub serializer_format: Format,
    /// How many bytes make equal messages different (core layer only); 12 by default.
    pub random_prefix_length: usize,
    /// Secrets of which the first closes messages and any opens them; none, for no encryption, by
    /// default.
    pub symmetric_encryption_keys: SecretKeys,
    /// How long a membership holds if it is not renewed (core layer only); a day by default.
    pub group_expiry: Duration,
    /// How many inboxes this process has (core layer only); 1 by default.
    ///
    /// `capacity` holds for each, so more of them let bursts through; each is one more entry to
    /// write for who sends to a group with members here.
    pub inboxes: usize,
    /// How many messages may wait in this process for the consumer of one channel, by which Redis
    /// and all the other channels are rid of them; 1,000 by default.
    ///
    /// More are told to it as missed. `capacity` says what may wait in Redis, and to that the core
    /// layer holds who sends; Django's pub/sub layer has no limit anywhere.
    pub queue_messages_max: usize,
    /// To how many general channels this process may listen at once; 64 by default. Each takes a
    /// connection to every host.
    pub listens_max: usize,
    /// After how long without an answer a host counts as lost; 5 seconds by default.
    pub silence: Duration,
    /// How long a connection may take to be made and proved; 5 seconds by default.
    pub connect_within: Duration,
    /// What every layer has.
    pub common: Settings,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// MessagePack, `msgpack`.
    MessagePack,
    /// JSON, `json`, which has no bytes.
    Json,
}

/// Secrets that messages are encrypted with. They are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretKeys(Vec<String>);

impl SecretKeys {
    /// Takes the secrets, in Django's order.
    pub fn new(secrets: Vec<String>) -> SecretKeys {
        SecretKeys(secrets)
    }

    /// Returns them: never to be shown.
    pub(crate) fn secrets(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKeys({})", self.0.len())
    }
}

impl Default for RedisSettings {
    fn default() -> RedisSettings {
        RedisSettings {
            hosts: vec![HostUrl::default()],
            prefix: String::from("asgi"),
            serializer_format: Format::MessagePack,
            random_prefix_length: 12,
            symmetric_encryption_keys: SecretKeys::default(),
            group_expiry: Duration::from_secs(86_400),
            inboxes: 1,
            queue_messages_max: 1_000,
            listens_max: 64,
            silence: Duration::from_secs(5),
            connect_within: Duration::from_secs(5),
            common: Settings::default(),
        }
    }
}
