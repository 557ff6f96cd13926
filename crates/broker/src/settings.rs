//! Which broker, and its limits.

use crate::BrokerUrl;
use std::path::PathBuf;
use std::time::Duration;

/// What a broker is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which broker, and where.
    pub url: BrokerUrl,
    /// The certificate authorities to trust under TLS, in a PEM file; none for those of this machine.
    pub ca_file: Option<PathBuf>,
    /// The name of RabbitMQ's exchange, and what the names of channels, streams and subjects begin
    /// with. Nodes and publishers with the same one hear each other.
    pub exchange: String,
    /// How long a probe may be on its way before the broker counts as lost.
    pub silence: Duration,
    /// How long each step of a connect may take: the login, the listens (some hundred at a time), and
    /// the first probe.
    pub connect_within: Duration,
    /// How long the broker may take to confirm a publication or a listen.
    pub publish_within: Duration,
    /// How many publications RabbitMQ sends before the first of them is taken.
    pub prefetch: u16,
    /// The longest message; a longer one is refused, or skipped and counted.
    pub message_bytes_max: usize,
    /// How many events wait to be taken.
    pub events_max: usize,
    /// How many bytes a broker that cannot be slowed down (Redis pub/sub, NATS) may be ahead of
    /// the loops before the connection is given up.
    pub backlog_bytes_max: usize,
    /// How many topics this node may listen to.
    pub topics_max: usize,
    /// Redis Streams in place of Redis pub/sub.
    pub streams: Option<StreamSettings>,
}

/// How Redis Streams are used.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// About how many publications the stream keeps: what a node can catch up with.
    pub entries_max: usize,
}

impl Settings {
    /// Returns the defaults for a broker.
    pub fn new(url: BrokerUrl) -> Settings {
        Settings {
            url,
            ca_file: None,
            exchange: String::from("hightemplar"),
            silence: Duration::from_secs(3),
            connect_within: Duration::from_secs(5),
            publish_within: Duration::from_secs(3),
            prefetch: 256,
            message_bytes_max: 16 << 20,
            events_max: 1024,
            backlog_bytes_max: 64 << 20,
            topics_max: 1_000_000,
            streams: None,
        }
    }
    /// Says whether a text can be the name of an exchange with every broker: letters, digits,
    /// `-`, `_` and `.`, up to 100.
    pub fn is_exchange_name(text: &str) -> bool {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=100).contains(&text.len()) && text.as_bytes().iter().all(fits)
    }
}
