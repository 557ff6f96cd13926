//! What a server may hold and wait for, each with its unit and default.

use std::time::Duration;

/// The limits of a [`Server`](crate::Server).
#[derive(Clone, Debug)]
pub struct Limits {
    /// Consumers at once, those included that are about to be let in. Who comes when all places are
    /// taken is answered 503. Default: 100,000.
    pub connections_max: usize,
    /// Bytes of a message from a client; a longer one closes its connection (1009). Default: 1 MiB.
    pub message_bytes_max: usize,
    /// Messages from a client that may wait for its consumer before nothing more is read from that
    /// client. Default: 32.
    pub waiting_messages_max: usize,
    /// Bytes of those messages. Default: 256 KiB.
    pub waiting_bytes_max: usize,
    /// Bytes that a consumer may have sent and its client not taken before
    /// [`send`](crate::Context::send) waits. Default: 256 KiB.
    pub sending_bytes_max: usize,
    /// How long `send` waits before the connection is closed (1013). Default: 30 s.
    pub send_within: Duration,
    /// Bytes that may wait for one slow client, those of the fast lane included, before its connection
    /// is closed (1013). Default: 1 MiB.
    pub outbox_bytes_max: usize,
    /// How long [`connect`](crate::Consumer::connect) may take, and the upgrade after it; who is not
    /// let in by then is answered 503. Default: 10 s.
    pub connect_within: Duration,
    /// How long [`disconnect`](crate::Consumer::disconnect) may take before it is given up.
    /// Default: 30 s.
    pub disconnect_within: Duration,
    /// Pieces of work that a consumer may have [spawned](crate::Context::spawn) at once. Default: 64.
    pub work_max: usize,
    /// After how much silence a client is sent a ping; none: never. Default: 30 s.
    pub ping_every: Option<Duration>,
    /// How long after a ping a client may stay silent before it is given up. Default: 20 s.
    pub pong_within: Duration,
    /// How long a client may take to answer a close. Default: 5 s.
    pub close_within: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 100_000,
            message_bytes_max: 1 << 20,
            waiting_messages_max: 32,
            waiting_bytes_max: 256 << 10,
            sending_bytes_max: 256 << 10,
            send_within: Duration::from_secs(30),
            outbox_bytes_max: 1 << 20,
            connect_within: Duration::from_secs(10),
            disconnect_within: Duration::from_secs(30),
            work_max: 64,
            ping_every: Some(Duration::from_secs(30)),
            pong_within: Duration::from_secs(20),
            close_within: Duration::from_secs(5),
        }
    }
}
