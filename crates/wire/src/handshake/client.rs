//! The client's half (RFC 6455 §4.1).

use std::fmt;

use super::head::{HeadReader, Limits};
use super::key::{accept_key, encode_key};
use super::list::{is_token, is_value};
use super::response::{Accepted, Expected, HandshakeError};
use crate::deflate::{self, Settings};

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct ClientRequest<'a> {
    /// The server's name, with its port unless that is the scheme's own.
    pub host: &'a str,
    /// Path and query, beginning with a slash.
    pub target: &'a str,
    /// The subprotocols this end speaks, the one it likes best first.
    pub protocols: &'a [&'a str],
    /// More headers, by name and value: `Origin`, `Cookie`, `Authorization`.
    pub headers: &'a [(&'a str, &'a str)],
    /// How messages may be compressed; none: not at all.
    pub deflate: Option<Settings>,
    /// Sixteen bytes that nobody can foretell, new ones for every handshake.
    pub key: [u8; 16],
}

/// A client's request cannot be written: a part of it holds what it must not, is repeated, or is
/// what the handshake writes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRequest;

/// Asks for a WebSocket, and reads whether that was granted.
#[derive(Debug)]
pub struct ClientHandshake {
    reader: HeadReader,
    headers_max: usize,
    expected: Expected,
}

impl ClientHandshake {
    /// Appends the request to `output`, and begins before the first byte of the response.
    ///
    /// # Errors
    ///
    /// If the request would not be one request: its parts are not to be trusted.
    pub fn new(
        request: &ClientRequest<'_>,
        limits: &Limits,
        output: &mut Vec<u8>,
    ) -> Result<Self, InvalidRequest> {
        request.check()?;
        let key = encode_key(request.key);
        request.append(str::from_utf8(&key).expect("base64 is ASCII"), output);
        Ok(Self {
            reader: HeadReader::new(*limits),
            headers_max: limits.headers_max,
            expected: Expected {
                accept: accept_key(&key),
                protocols: request.protocols.iter().map(|&protocol| protocol.into()).collect(),
                deflate: request.deflate,
            },
        })
    }

    /// Takes in what came. Once the response's head is whole, returns what was agreed, with the
    /// bytes that came after it: the server's first frames.
    ///
    /// # Errors
    ///
    /// If the server refused, or what it said is not the answer to this request. Nothing more is to
    /// be received or sent then.
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
    ) -> Result<Option<(Accepted, &'a [u8])>, HandshakeError> {
        let Some((head, leftover)) = self.reader.receive(input)? else { return Ok(None) };
        Ok(Some((self.expected.check(&head, self.headers_max)?, leftover)))
    }
}

impl ClientRequest<'_> {
    fn check(&self) -> Result<(), InvalidRequest> {
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let repeated = |place: usize| self.protocols[..place].contains(&self.protocols[place]);
        let valid = !self.host.is_empty()
            && visible(self.host)
            && self.target.starts_with('/')
            && visible(self.target)
            && self.protocols.iter().all(|protocol| is_token(protocol.as_bytes()))
            && !(0..self.protocols.len()).any(repeated)
            && self.headers.iter().all(|(name, value)| {
                is_token(name.as_bytes()) && is_value(value.as_bytes()) && !is_ours(name)
            });
        if valid { Ok(()) } else { Err(InvalidRequest) }
    }

    fn append(&self, key: &str, output: &mut Vec<u8>) {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
            self.target, self.host,
        );
        let mut push = |name: &str, value: &str| {
            for part in [name, ": ", value, "\r\n"] {
                request.push_str(part);
            }
        };
        if !self.protocols.is_empty() {
            push("Sec-WebSocket-Protocol", &self.protocols.join(", "));
        }
        if let Some(settings) = &self.deflate {
            push("Sec-WebSocket-Extensions", &deflate::offer(settings));
        }
        for (name, value) in self.headers {
            push(name, value);
        }
        request.push_str("\r\n");
        output.extend_from_slice(request.as_bytes());
    }
}

/// Returns whether the handshake writes this header itself, or would be spoilt by it.
fn is_ours(name: &str) -> bool {
    let ours = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding"];
    ours.iter().any(|known| name.eq_ignore_ascii_case(known))
        || name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("Sec-WebSocket-"))
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the request has a part that HTTP or the handshake does not allow")
    }
}

impl std::error::Error for InvalidRequest {}
