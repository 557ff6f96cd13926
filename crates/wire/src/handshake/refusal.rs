//! Why a server does not upgrade a request, and how it says so.

use std::fmt;

use super::head::HeadError;

/// Why a request does not become a WebSocket. All but [`Origin`](Self::Origin), which is for the
/// server's owner to decide, are the client's or a proxy's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was not an HTTP/1 request.
    Malformed,
    /// A control byte, a lone line break or a folded line stood in its head.
    ControlByte,
    /// It was of HTTP/1.0, or of none that can be upgraded.
    HttpVersion,
    /// It announced a body.
    Body,
    /// This header, of which there can only be one, was repeated.
    Repeated(&'static str),
    /// It had no `Host`.
    HostMissing,
    /// Its `Connection` did not say `Upgrade`.
    ConnectionMissing,
    /// It had no `Sec-WebSocket-Key`.
    KeyMissing,
    /// Its `Sec-WebSocket-Key` was not 16 bytes in base64.
    KeyInvalid,
    /// Its `Sec-WebSocket-Protocol` was not a list of different tokens.
    Protocols,
    /// Its `Origin` is not allowed here.
    Origin,
    /// Its method was not `GET`.
    Method,
    /// Its `Upgrade` did not say `websocket`.
    UpgradeMissing,
    /// Its `Sec-WebSocket-Version` was not 13.
    Version,
    /// Its head was over `head_bytes_max`.
    HeadTooLong,
    /// It had more than `headers_max` headers.
    TooManyHeaders,
}

impl Refusal {
    /// Returns the HTTP status to answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Origin => 403,
            Self::Method => 405,
            Self::UpgradeMissing | Self::Version => 426,
            Self::HeadTooLong | Self::TooManyHeaders => 431,
            _ => 400,
        }
    }

    /// Returns the headers that the answer has to have because of its status.
    pub const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Method => &[("Allow", "GET")],
            Self::UpgradeMissing | Self::Version => {
                // Who names a protocol to change to has to say so twice (RFC 9110 §7.8).
                &[
                    ("Upgrade", "websocket"),
                    ("Connection", "Upgrade"),
                    ("Sec-WebSocket-Version", "13"),
                ]
            }
            _ => &[],
        }
    }

    /// Appends the whole HTTP response; after it the connection is to be closed.
    pub fn append(self, output: &mut Vec<u8>) {
        let body = format!("{self}\n");
        let mut response = format!("HTTP/1.1 {} {}\r\n", self.status(), self.reason());
        for (name, value) in self.headers() {
            response.push_str(&format!("{name}: {value}\r\n"));
        }
        response.push_str(&format!(
            "Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        output.extend_from_slice(response.as_bytes());
    }

    const fn reason(self) -> &'static str {
        match self.status() {
            403 => "Forbidden",
            405 => "Method Not Allowed",
            426 => "Upgrade Required",
            431 => "Request Header Fields Too Large",
            _ => "Bad Request",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "this is not an HTTP/1.1 request",
            Self::ControlByte => "the request has a control byte or a broken line in its head",
            Self::HttpVersion => "only HTTP/1.1 can be upgraded here",
            Self::Body => "a request that asks for an upgrade must not have a body",
            Self::Repeated(name) => return write!(formatter, "{name} must not be repeated"),
            Self::HostMissing => "Host is missing",
            Self::ConnectionMissing => "Connection must hold Upgrade",
            Self::KeyMissing => "Sec-WebSocket-Key is missing",
            Self::KeyInvalid => "Sec-WebSocket-Key must be 16 bytes in base64",
            Self::Protocols => "Sec-WebSocket-Protocol must be a list of different tokens",
            Self::Origin => "this Origin is not allowed here",
            Self::Method => "a WebSocket begins with GET",
            Self::UpgradeMissing => "this is a WebSocket: Upgrade must hold websocket",
            Self::Version => "Sec-WebSocket-Version must be 13",
            Self::HeadTooLong => "the request's head is too long",
            Self::TooManyHeaders => "the request has too many headers",
        })
    }
}

impl std::error::Error for Refusal {}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::ControlByte => Self::ControlByte,
            HeadError::Malformed => Self::Malformed,
            HeadError::TooLong => Self::HeadTooLong,
            HeadError::TooManyHeaders => Self::TooManyHeaders,
        }
    }
}
