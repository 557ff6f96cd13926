//! A request to upgrade, checked (RFC 6455 §4.2.1).

use super::Refusal;
use super::answer::Answer;
use super::key::{accept_key, is_key};
use super::list::{elements, holds_token, is_token, is_value};
use crate::deflate::{self, Settings};

/// A request that may become a WebSocket.
#[derive(Clone, Debug)]
pub struct Upgrade {
    accept: [u8; 28],
    /// The subprotocols that the client speaks, the one it likes best first.
    pub protocols: Vec<String>,
    /// Everything that the client offered as `Sec-WebSocket-Extensions`, joined by `, `.
    pub extensions: String,
}

impl Upgrade {
    /// Checks a request whose HTTP is read already.
    ///
    /// `minor_version` is that of HTTP/1, so 1 for HTTP/1.1. Headers come by name, in whatever case,
    /// and value, repeated ones as often as they stood there.
    ///
    /// # Errors
    ///
    /// If this is no handshake, or not a safe one; the first reason found.
    pub fn from_parts<'a>(
        method: &str,
        minor_version: u8,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, Refusal> {
        if method != "GET" {
            return Err(Refusal::Method);
        }
        if minor_version != 1 {
            return Err(Refusal::HttpVersion);
        }
        let mut fields = Fields::default();
        for (name, value) in headers {
            fields.receive(name, value)?;
        }
        fields.check()
    }

    /// Decides what to answer: the first of the client's subprotocols that is also `supported`, and
    /// the first of its offers to compress that `deflate` allows, if any.
    pub fn answer<'a>(&self, supported: &[&'a str], deflate: Option<&Settings>) -> Answer<'a> {
        let protocol = self.protocols.iter().find_map(|offered| {
            supported.iter().find(|supported| **supported == offered.as_str()).copied()
        });
        let agreed = deflate.and_then(|settings| deflate::accept(&self.extensions, settings));
        Answer::new(self.accept, protocol, agreed)
    }
}

/// The headers that matter, as they are found.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    key: Option<&'a [u8]>,
    upgrade: bool,
    connection: bool,
    protocols: Vec<String>,
    extensions: String,
}

impl<'a> Fields<'a> {
    fn receive(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
        if !is_token(name.as_bytes()) || !is_value(value) {
            return Err(Refusal::ControlByte);
        }
        let value = value.trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("Host") {
            set(&mut self.host, value, "Host")?;
        } else if is("Origin") {
            set(&mut self.origin, value, "Origin")?;
        } else if is("Sec-WebSocket-Version") {
            set(&mut self.version, value, "Sec-WebSocket-Version")?;
        } else if is("Sec-WebSocket-Key") {
            set(&mut self.key, value, "Sec-WebSocket-Key")?;
        } else if is("Upgrade") {
            self.upgrade |= holds_token(value, "websocket");
        } else if is("Connection") {
            self.connection |= holds_token(value, "upgrade");
        } else if is("Sec-WebSocket-Protocol") {
            self.receive_protocols(value)?;
        } else if is("Sec-WebSocket-Extensions") {
            self.receive_extensions(value);
        } else if is("Transfer-Encoding") || is("Content-Length") && value != b"0" {
            // Its bytes would be read as frames here, and as something else by a proxy.
            return Err(Refusal::Body);
        }
        Ok(())
    }

    fn receive_protocols(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for protocol in elements(value) {
            let protocol = str::from_utf8(protocol).map_err(|_| Refusal::Protocols)?;
            let repeated = self.protocols.iter().any(|known| known == protocol);
            if !is_token(protocol.as_bytes()) || repeated {
                return Err(Refusal::Protocols);
            }
            // The repeats are searched for among this many at most.
            if self.protocols.len() == PROTOCOLS_MAX {
                return Err(Refusal::Protocols);
            }
            self.protocols.push(protocol.to_owned());
        }
        Ok(())
    }

    fn receive_extensions(&mut self, value: &[u8]) {
        // An offer in no encoding we know is one that we cannot take up.
        let Ok(value) = str::from_utf8(value) else { return };
        if !self.extensions.is_empty() {
            self.extensions.push_str(", ");
        }
        self.extensions.push_str(value);
    }

    fn check(self) -> Result<Upgrade, Refusal> {
        if self.host.is_none() {
            return Err(Refusal::HostMissing);
        }
        if !self.upgrade {
            return Err(Refusal::UpgradeMissing);
        }
        if !self.connection {
            return Err(Refusal::ConnectionMissing);
        }
        if self.version != Some(b"13") {
            return Err(Refusal::Version);
        }
        let key = self.key.ok_or(Refusal::KeyMissing)?;
        if !is_key(key) {
            return Err(Refusal::KeyInvalid);
        }
        Ok(Upgrade {
            accept: accept_key(key),
            protocols: self.protocols,
            extensions: self.extensions,
        })
    }
}

/// The subprotocols that a client may offer.
const PROTOCOLS_MAX: usize = 100;

fn set<'a>(
    field: &mut Option<&'a [u8]>,
    value: &'a [u8],
    name: &'static str,
) -> Result<(), Refusal> {
    if field.replace(value).is_some() { Err(Refusal::Repeated(name)) } else { Ok(()) }
}
