//! The response that makes a connection a WebSocket (RFC 6455 §4.2.2).

use crate::deflate::Agreed;

/// What a server answers to an [`Upgrade`](super::Upgrade), and so what holds from there on.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    accept: [u8; 28],
    extensions: Option<String>,
    /// The subprotocol to be spoken, if client and server know one in common.
    pub protocol: Option<&'a str>,
    /// How messages may be compressed, if they may.
    pub deflate: Option<Agreed>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        accept: [u8; 28],
        protocol: Option<&'a str>,
        deflate: Option<(Agreed, String)>,
    ) -> Self {
        let (deflate, extensions) = deflate.unzip();
        Self { accept, extensions, protocol, deflate }
    }

    /// Returns the headers of the response, whose status is 101, by name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let accept = str::from_utf8(&self.accept).expect("base64 is ASCII");
        [
            ("Upgrade", Some("websocket")),
            ("Connection", Some("Upgrade")),
            ("Sec-WebSocket-Accept", Some(accept)),
            ("Sec-WebSocket-Protocol", self.protocol),
            ("Sec-WebSocket-Extensions", self.extensions.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Appends the whole response. After it, the connection carries frames.
    pub fn append(&self, output: &mut Vec<u8>) {
        output.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        for (name, value) in self.headers() {
            output.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        output.extend_from_slice(b"\r\n");
    }
}
