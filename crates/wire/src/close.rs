//! Close codes, and the payload of a close frame (RFC 6455 §5.5.1 and §7.4).

#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::ProtocolError;
use crate::frame::CONTROL_PAYLOAD_BYTES_MAX;

/// Why a connection ended, as a number (RFC 6455 §7.4, and IANA's registry).
///
/// Every value but [`NO_STATUS`](Self::NO_STATUS), [`ABNORMAL`](Self::ABNORMAL) and
/// [`TLS_FAILED`](Self::TLS_FAILED) may travel in a close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// A server goes down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// The peer sent a kind of data that this end cannot accept.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Nothing was said: the close frame had no code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// The connection ended without a close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// A message's data did not fit its type: text that was not UTF-8, or a broken DEFLATE stream.
    pub const INVALID_DATA: Self = Self(1007);
    /// A message violated this end's policy.
    pub const POLICY: Self = Self(1008);
    /// A frame or message was too big.
    pub const TOO_BIG: Self = Self(1009);
    /// A client misses an extension that it needs.
    pub const EXTENSION_MISSING: Self = Self(1010);
    /// This end met a condition it did not expect.
    pub const INTERNAL: Self = Self(1011);
    /// The service restarts; come back after a random while.
    pub const RESTART: Self = Self(1012);
    /// The service has too much to do; come back later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// A gateway's upstream answered wrongly.
    pub const BAD_GATEWAY: Self = Self(1014);
    /// The TLS handshake failed. Never sent.
    pub const TLS_FAILED: Self = Self(1015);

    /// Returns an application's own code: from 3000 to 4999, of which those from 4000 on are never
    /// anybody else's.
    ///
    /// # Panics
    ///
    /// If `number` is another; in a `const`, the compiler says so.
    pub const fn of_application(number: u16) -> Self {
        assert!(matches!(number, 3000..=4999), "an application's codes are from 3000 to 4999");
        Self(number)
    }

    /// Returns the code for `number`, or none if it must not travel in a close frame: numbers below
    /// 1000 and above 4999, those that RFC 6455 §7.4.1 keeps for local use, and those of the
    /// protocol's own range (1000–2999) that nobody has defined.
    pub const fn from_wire(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// Returns whether this code may be sent: false for those that only describe, locally, how a
    /// connection ended.
    pub const fn may_travel(self) -> bool {
        Self::from_wire(self.0).is_some()
    }

    /// Returns the number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The bytes a reason may have: a control frame's payload without the code.
pub const REASON_BYTES_MAX: usize = CONTROL_PAYLOAD_BYTES_MAX - 2;

/// Reads a close frame's payload: nothing, or a code and a reason in UTF-8 (RFC 6455 §5.5.1).
///
/// # Errors
///
/// One byte is half a code; a code must be one that may travel; the reason must be UTF-8.
pub fn parse(payload: &[u8]) -> Result<(Option<CloseCode>, &str), ProtocolError> {
    let Some((number, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok((None, ""))
        } else {
            Err(ProtocolError::CloseTruncated)
        };
    };
    let code = CloseCode::from_wire(u16::from_be_bytes(*number)).ok_or(ProtocolError::CloseCode)?;
    let reason = str::from_utf8(reason).map_err(|_| ProtocolError::CloseReason)?;
    Ok((Some(code), reason))
}

/// Shortens `reason` to what a close frame can hold, at a character's boundary.
pub fn shorten(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}
