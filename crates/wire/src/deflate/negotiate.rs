//! What the two ends agree on in the opening handshake (RFC 7692 §7.1).
//!
//! The server searches a client's offers for the first that it can keep to and
//! [`accept`]s it; the client [`offer`]s, and [`confirm`]s that the answer fits.

use std::fmt;

use super::{WINDOW_BITS_MAX, WINDOW_BITS_MIN};
use crate::frame::Role;

/// What both ends of a connection keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreed {
    /// The server forgets every message it sent before it compresses the next.
    pub server_no_context_takeover: bool,
    /// The client forgets every message it sent before it compresses the next.
    pub client_no_context_takeover: bool,
    /// The server refers back no further than two to this power bytes; 8 to 15.
    pub server_max_window_bits: u8,
    /// The client refers back no further than two to this power bytes; 8 to 15.
    pub client_max_window_bits: u8,
}

/// What was agreed for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Direction {
    /// Whether a message may refer to those before it.
    pub context_takeover: bool,
    /// A message refers back no further than two to this power bytes.
    pub window_bits: u8,
}

impl Agreed {
    /// Returns what holds for the messages that `role` sends.
    pub const fn sent_by(self, role: Role) -> Direction {
        match role {
            Role::Server => Direction {
                context_takeover: !self.server_no_context_takeover,
                window_bits: self.server_max_window_bits,
            },
            Role::Client => Direction {
                context_takeover: !self.client_no_context_takeover,
                window_bits: self.client_max_window_bits,
            },
        }
    }
}

/// What this end offers or accepts.
///
/// Context takeover compresses better and costs memory for every connection that uses it: about
/// 45 KB for what it receives, 370 KB for what it sends. Without it, all connections of a loop
/// share one [`Inflater`](super::Inflater) and one [`Deflater`](super::Deflater).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether the server may keep its history from message to message. Default: no.
    pub server_context_takeover: bool,
    /// Whether the client may keep its history from message to message. Default: no.
    pub client_context_takeover: bool,
    /// The largest window the server compresses with: 9 to 15 bits. Default: 15.
    pub server_max_window_bits: u8,
    /// The largest window the client compresses with: 9 to 15 bits. Default: 15.
    ///
    /// For a server this is a wish: a client that does not say it can keep to a smaller window
    /// cannot be asked to, and is accepted all the same.
    pub client_max_window_bits: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server_context_takeover: false,
            client_context_takeover: false,
            server_max_window_bits: WINDOW_BITS_MAX,
            client_max_window_bits: WINDOW_BITS_MAX,
        }
    }
}

/// Answers a client's offers, all its `Sec-WebSocket-Extensions` joined by `, `: with the first that
/// this end can keep to, as what was agreed and as the value to answer; none if there is none.
pub fn accept(offers: &str, settings: &Settings) -> Option<(Agreed, String)> {
    let _ = (offers, settings, WINDOW_BITS_MIN);
    todo!()
}

/// Writes a client's offer.
pub fn offer(settings: &Settings) -> String {
    let _ = settings;
    todo!()
}

/// A server's answer did not fit the offer: the connection has to be failed (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmError {
    /// The header was not a list of extensions.
    Malformed,
}

/// Reads a server's answer to the [`offer`] of the same settings; none if it declined.
///
/// # Errors
///
/// If the answer says what the offer did not allow.
pub fn confirm(answer: &str, settings: &Settings) -> Result<Option<Agreed>, ConfirmError> {
    let _ = (answer, settings);
    todo!()
}

impl fmt::Display for ConfirmError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the server's Sec-WebSocket-Extensions is malformed")
    }
}

impl std::error::Error for ConfirmError {}
