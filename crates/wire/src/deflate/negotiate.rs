//! What the two ends agree on in the opening handshake (RFC 7692 §7.1).
//!
//! The server searches a client's offers for the first that it can keep to and
//! [`accept`]s it; the client [`offer`]s, and [`confirm`]s that the answer fits.

use std::fmt;

use super::extension::{Extensions, Malformed};
use super::parameters::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, NAME, Parameters, SERVER_MAX_WINDOW_BITS,
    SERVER_NO_CONTEXT_TAKEOVER, is_permessage_deflate, push_bits, push_flag,
};
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
/// 48 KB for what it receives, 380 KB for what it sends. Without it, all connections of a loop
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
///
/// An offer is passed over if it repeats a parameter, has one that RFC 7692 does not know or a value
/// it does not allow, or wants a window of 8 bits from the server, which zlib cannot do. A header
/// that is no list of extensions offers nothing from there on.
pub fn accept(offers: &str, settings: &Settings) -> Option<(Agreed, String)> {
    Extensions::new(offers)
        .map_while(Result::ok)
        .filter(is_permessage_deflate)
        .find_map(|offer| agree(&Parameters::offered(&offer)?, settings))
}

/// Writes a client's offer.
pub fn offer(settings: &Settings) -> String {
    let settings = settings.in_range();
    let mut value = NAME.to_owned();
    push_flag(&mut value, SERVER_NO_CONTEXT_TAKEOVER, !settings.server_context_takeover);
    push_flag(&mut value, CLIENT_NO_CONTEXT_TAKEOVER, !settings.client_context_takeover);
    if settings.server_max_window_bits < WINDOW_BITS_MAX {
        push_bits(&mut value, SERVER_MAX_WINDOW_BITS, settings.server_max_window_bits);
    }
    if settings.client_max_window_bits == WINDOW_BITS_MAX {
        // Without a value: the server may choose one.
        push_flag(&mut value, CLIENT_MAX_WINDOW_BITS, true);
    } else {
        push_bits(&mut value, CLIENT_MAX_WINDOW_BITS, settings.client_max_window_bits);
    }
    value
}

/// Reads a server's answer to the [`offer`] of the same settings; none if it declined.
///
/// # Errors
///
/// If the answer says what the offer did not allow.
pub fn confirm(answer: &str, settings: &Settings) -> Result<Option<Agreed>, ConfirmError> {
    let mut extensions = Extensions::new(answer);
    let Some(extension) = extensions.next() else { return Ok(None) };
    let extension = extension.map_err(|Malformed| ConfirmError::Malformed)?;
    if !is_permessage_deflate(&extension) || extensions.next().is_some() {
        return Err(ConfirmError::ExtensionUnexpected);
    }
    let answered = Parameters::answered(&extension).ok_or(ConfirmError::Parameter)?;
    let settings = settings.in_range();
    if !answered.server_no_context_takeover && !settings.server_context_takeover {
        return Err(ConfirmError::ContextTakeover);
    }
    let server_max_window_bits = answered.server_max_window_bits.unwrap_or(WINDOW_BITS_MAX);
    let client_max_window_bits =
        answered.client_max_window_bits.unwrap_or(settings.client_max_window_bits);
    if server_max_window_bits > settings.server_max_window_bits
        || !(WINDOW_BITS_MIN..=settings.client_max_window_bits).contains(&client_max_window_bits)
    {
        return Err(ConfirmError::WindowBits);
    }
    Ok(Some(Agreed {
        server_no_context_takeover: answered.server_no_context_takeover,
        client_no_context_takeover: answered.client_no_context_takeover
            || !settings.client_context_takeover,
        server_max_window_bits,
        client_max_window_bits,
    }))
}

/// A server's answer did not fit the offer: the connection has to be failed (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmError {
    /// The header was not a list of extensions.
    Malformed,
    /// It named an extension that was not offered, or one twice.
    ExtensionUnexpected,
    /// A parameter was repeated, unknown, or had a value it must not have.
    Parameter,
    /// The server would keep its history though it was asked not to.
    ContextTakeover,
    /// A window was larger than offered, or of 8 bits, which zlib cannot compress for.
    WindowBits,
}

impl fmt::Display for ConfirmError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the server's Sec-WebSocket-Extensions is malformed",
            Self::ExtensionUnexpected => "the server chose an extension that was not offered",
            Self::Parameter => "the server's answer has an invalid parameter of permessage-deflate",
            Self::ContextTakeover => "the server did not take up server_no_context_takeover",
            Self::WindowBits => "the server chose a size of window that was not offered",
        })
    }
}

impl std::error::Error for ConfirmError {}

impl Settings {
    fn in_range(self) -> Self {
        let bits = |bits: u8| bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX);
        Self {
            server_max_window_bits: bits(self.server_max_window_bits),
            client_max_window_bits: bits(self.client_max_window_bits),
            ..self
        }
    }
}

/// Returns what can be agreed on one offer, and the answer that says so.
fn agree(offered: &Parameters, settings: &Settings) -> Option<(Agreed, String)> {
    let settings = settings.in_range();
    let server_bits = offered.server_max_window_bits.unwrap_or(WINDOW_BITS_MAX);
    if server_bits < WINDOW_BITS_MIN {
        return None;
    }
    let agreed = Agreed {
        server_no_context_takeover: offered.server_no_context_takeover
            || !settings.server_context_takeover,
        client_no_context_takeover: offered.client_no_context_takeover
            || !settings.client_context_takeover,
        server_max_window_bits: server_bits.min(settings.server_max_window_bits),
        // A client that did not say it can keep to a smaller window must not be asked to.
        client_max_window_bits: offered
            .client_max_window_bits
            .map_or(WINDOW_BITS_MAX, |bits| bits.min(settings.client_max_window_bits)),
    };
    let mut answer = NAME.to_owned();
    push_flag(&mut answer, SERVER_NO_CONTEXT_TAKEOVER, agreed.server_no_context_takeover);
    push_flag(&mut answer, CLIENT_NO_CONTEXT_TAKEOVER, agreed.client_no_context_takeover);
    // Said by the client, it must be said by the server, even where it changes nothing.
    if offered.server_max_window_bits.is_some() || agreed.server_max_window_bits < WINDOW_BITS_MAX {
        push_bits(&mut answer, SERVER_MAX_WINDOW_BITS, agreed.server_max_window_bits);
    }
    if agreed.client_max_window_bits < WINDOW_BITS_MAX {
        push_bits(&mut answer, CLIENT_MAX_WINDOW_BITS, agreed.client_max_window_bits);
    }
    Some((agreed, answer))
}
