//! A server's response, checked against what was asked for (RFC 6455 §4.1, the client's list).

use std::fmt;

use super::head::HeadError;
use super::list::holds_token;
use crate::deflate::{self, Agreed, ConfirmError, Settings};

/// What a server granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The subprotocol to be spoken, one of those asked for; none if the server chose none.
    pub protocol: Option<String>,
    /// How messages may be compressed, if they may.
    pub deflate: Option<Agreed>,
}

/// Why a response does not make a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// It was not an HTTP/1.1 response.
    Malformed,
    /// Its head was over `head_bytes_max`.
    HeadTooLong,
    /// It had more than `headers_max` headers.
    TooManyHeaders,
    /// Its status was this and not 101: the server refused, redirects, or wants a password.
    Status(u16),
    /// Its `Upgrade` did not say `websocket`.
    UpgradeMissing,
    /// Its `Connection` did not say `Upgrade`.
    ConnectionMissing,
    /// Its `Sec-WebSocket-Accept` was missing, repeated, or not the answer to the key.
    Accept,
    /// It chose a subprotocol that was not asked for, or two.
    Protocol,
    /// It chose an extension, or a parameter of one, that was not offered.
    Extensions(ConfirmError),
}

/// What a response has to fit.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) accept: [u8; 28],
    pub(super) protocols: Box<[Box<str>]>,
    pub(super) deflate: Option<Settings>,
}

impl Expected {
    pub(super) fn check(
        &self,
        head: &[u8],
        headers_max: usize,
    ) -> Result<Accepted, HandshakeError> {
        let mut headers = vec![httparse::EMPTY_HEADER; headers_max];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(head) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            _ => return Err(HandshakeError::Malformed),
        }
        match (response.version, response.code) {
            (Some(1), Some(101)) => {}
            (_, Some(101) | None) => return Err(HandshakeError::Malformed),
            (_, Some(status)) => return Err(HandshakeError::Status(status)),
        }
        let headers = Headers(response.headers);
        if !headers.all("Upgrade").any(|value| holds_token(value, "websocket")) {
            return Err(HandshakeError::UpgradeMissing);
        }
        if !headers.all("Connection").any(|value| holds_token(value, "upgrade")) {
            return Err(HandshakeError::ConnectionMissing);
        }
        let accept = headers.one("Sec-WebSocket-Accept").ok_or(HandshakeError::Accept)?;
        if accept != Some(&self.accept[..]) {
            return Err(HandshakeError::Accept);
        }
        Ok(Accepted { protocol: self.protocol(&headers)?, deflate: self.deflate(&headers)? })
    }

    fn protocol(&self, headers: &Headers<'_>) -> Result<Option<String>, HandshakeError> {
        let chosen = headers.one("Sec-WebSocket-Protocol").ok_or(HandshakeError::Protocol)?;
        let Some(chosen) = chosen else { return Ok(None) };
        let asked = self.protocols.iter().find(|asked| asked.as_bytes() == chosen);
        asked.map(|asked| Some(asked.to_string())).ok_or(HandshakeError::Protocol)
    }

    fn deflate(&self, headers: &Headers<'_>) -> Result<Option<Agreed>, HandshakeError> {
        let mut answer = String::new();
        for value in headers.all("Sec-WebSocket-Extensions") {
            let value = str::from_utf8(value)
                .map_err(|_| HandshakeError::Extensions(ConfirmError::Malformed))?;
            answer.push_str(", ");
            answer.push_str(value);
        }
        match &self.deflate {
            Some(settings) => {
                deflate::confirm(&answer, settings).map_err(HandshakeError::Extensions)
            }
            None if answer.trim_matches([',', ' ', '\t']).is_empty() => Ok(None),
            None => Err(HandshakeError::Extensions(ConfirmError::ExtensionUnexpected)),
        }
    }
}

struct Headers<'a>(&'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    }

    /// Returns the value of a header that must not be repeated: `Some(None)` if there is none, none
    /// if there are several.
    fn one(&self, name: &str) -> Option<Option<&'a [u8]>> {
        let mut all = self.all(name);
        let first = all.next();
        all.next().is_none().then_some(first)
    }
}

impl From<HeadError> for HandshakeError {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::ControlByte | HeadError::Malformed => Self::Malformed,
            HeadError::TooLong => Self::HeadTooLong,
            HeadError::TooManyHeaders => Self::TooManyHeaders,
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the server's response is not HTTP/1.1",
            Self::HeadTooLong => "the head of the server's response is too long",
            Self::TooManyHeaders => "the server's response has too many headers",
            Self::Status(status) => return write!(formatter, "the server answered {status}"),
            Self::UpgradeMissing => "the server's Upgrade does not hold websocket",
            Self::ConnectionMissing => "the server's Connection does not hold Upgrade",
            Self::Accept => "the server's Sec-WebSocket-Accept does not fit the key",
            Self::Protocol => "the server chose a subprotocol that was not asked for",
            Self::Extensions(error) => return error.fmt(formatter),
        })
    }
}

impl std::error::Error for HandshakeError {}
