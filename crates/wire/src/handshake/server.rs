//! The server's half, from bytes.

use std::ops::Range;

use super::head::{HeadReader, Limits};
use super::{Refusal, Upgrade};

/// Reads a request's head from a connection's first bytes.
#[derive(Debug)]
pub struct ServerHandshake {
    reader: HeadReader,
    headers_max: usize,
}

impl ServerHandshake {
    /// Begins before the first byte.
    pub const fn new(limits: &Limits) -> Self {
        Self { reader: HeadReader::new(*limits), headers_max: limits.headers_max }
    }

    /// Takes in what came. Once the head is whole, returns it with the bytes that came after it:
    /// the client's first frames.
    ///
    /// # Errors
    ///
    /// If this is no request, or a limit is met. Nothing more is to be received then; the refusal is
    /// to be sent and the connection closed.
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
    ) -> Result<Option<(RequestHead, &'a [u8])>, Refusal> {
        let Some((head, leftover)) = self.reader.receive(input)? else { return Ok(None) };
        Ok(Some((RequestHead::parse(head, self.headers_max)?, leftover)))
    }
}

/// A request without its body.
#[derive(Clone, Debug)]
pub struct RequestHead {
    bytes: Vec<u8>,
    method: Range<usize>,
    target: Range<usize>,
    minor_version: u8,
    headers: Vec<(Range<usize>, Range<usize>)>,
}

impl RequestHead {
    /// Returns the method.
    pub fn method(&self) -> &str {
        self.text(&self.method)
    }

    /// Returns the target as it was sent: path and query.
    pub fn target(&self) -> &str {
        self.text(&self.target)
    }

    /// Returns all headers by name and value, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (self.text(name), &self.bytes[value.clone()]))
    }

    /// Returns the value of the first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Checks that this asks for a WebSocket.
    ///
    /// # Errors
    ///
    /// As [`Upgrade::from_parts`].
    pub fn upgrade(&self) -> Result<Upgrade, Refusal> {
        Upgrade::from_parts(self.method(), self.minor_version, self.headers())
    }

    fn parse(bytes: Vec<u8>, headers_max: usize) -> Result<Self, Refusal> {
        let mut headers = vec![httparse::EMPTY_HEADER; headers_max];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Err(httparse::Error::Version) => return Err(Refusal::HttpVersion),
            _ => return Err(Refusal::Malformed),
        }
        let (Some(method), Some(target), Some(minor_version)) =
            (request.method, request.path, request.version)
        else {
            return Err(Refusal::Malformed);
        };
        let place = |part: &[u8]| place(&bytes, part);
        let (method, target) = (place(method.as_bytes()), place(target.as_bytes()));
        let headers = request
            .headers
            .iter()
            .map(|header| (place(header.name.as_bytes()), place(header.value)))
            .collect();
        Ok(Self { method, target, minor_version, headers, bytes })
    }

    fn text(&self, place: &Range<usize>) -> &str {
        str::from_utf8(&self.bytes[place.clone()]).expect("httparse lent this as a str")
    }
}

/// Returns where in `whole` its slice `part` lies.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let begin = part.as_ptr().addr() - whole.as_ptr().addr();
    begin..begin + part.len()
}
