//! Frame headers: read, checked, and written (RFC 6455 §5.2).
//!
//! A header is checked as a whole before anything is allocated or read for its payload.

use std::fmt;

use crate::close::CloseCode;

/// Which end of the line this is. Clients mask what they send, servers do not (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that answered the opening handshake.
    Server,
    /// The end that asked for it.
    Client,
}

/// What a frame is for (RFC 6455 §11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OpCode {
    /// More of the message begun before.
    Continuation = 0,
    /// A message in UTF-8, or its first fragment.
    Text = 1,
    /// A message of any bytes, or its first fragment.
    Binary = 2,
    /// The last frame its sender sends.
    Close = 8,
    /// To be answered by a pong with the same payload.
    Ping = 9,
    /// An answer to a ping, or an unasked sign of life.
    Pong = 10,
}

impl OpCode {
    /// Returns whether this is close, ping or pong: whole, short, and allowed between fragments.
    pub const fn is_control(self) -> bool {
        self as u8 & 8 != 0
    }
}

/// The bytes a control frame's payload may have (RFC 6455 §5.5).
pub const CONTROL_PAYLOAD_BYTES_MAX: usize = 125;

/// The bytes of the longest header: two, eight of length, four of mask.
pub const HEAD_BYTES_MAX: usize = 14;

/// How a peer broke the protocol or a limit. Its websocket reads nothing more, and closes with
/// [`close_code`](Self::close_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// A frame set a reserved bit that no extension gave a meaning.
    ReservedBit,
    /// A frame had an opcode that nobody has defined.
    ReservedOpCode,
    /// A client's frame had no mask.
    MaskMissing,
    /// A server's frame had a mask.
    MaskUnexpected,
    /// A frame's length took more bytes than it needed.
    LengthNotMinimal,
    /// A frame's length had its highest bit set.
    LengthOver63Bits,
    /// A control frame was not final.
    ControlFragmented,
    /// A control frame's payload had over 125 bytes.
    ControlTooLong,
    /// A continuation came where no message had begun.
    ContinuationUnexpected,
    /// A new message began before the last one's end.
    ContinuationMissing,
    /// A close frame's payload had one byte: half a code.
    ClosePayload,
    /// A close frame's code was one that must not travel.
    CloseCode,
    /// A close frame's reason was not UTF-8.
    CloseReason,
    /// A text message was not UTF-8.
    TextEncoding,
    /// A compressed message was not DEFLATE.
    Deflate,
    /// A frame was over `frame_bytes_max`.
    FrameTooLong,
    /// A message, all its fragments together, was over `message_bytes_max`.
    MessageTooLong,
    /// A compressed message became longer than `message_bytes_max`.
    InflatedTooLong,
}

impl ProtocolError {
    /// Returns the close code that tells the peer which of these it was.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TextEncoding | Self::CloseReason | Self::Deflate => CloseCode::INVALID_DATA,
            Self::FrameTooLong | Self::MessageTooLong | Self::InflatedTooLong => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReservedBit => "the peer set a reserved bit",
            _ => "",
        })
    }
}

impl std::error::Error for ProtocolError {}

/// An encoded frame header, on the stack.
#[derive(Clone, Copy)]
pub struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    len: u8,
}

impl Head {
    /// Encodes the header of a final frame: `compressed` sets RSV1 (RFC 7692 §6), and a `mask` makes
    /// it a client's.
    pub fn new(
        opcode: OpCode,
        compressed: bool,
        payload_bytes: usize,
        mask: Option<[u8; 4]>,
    ) -> Self {
        let _ = (opcode, compressed, payload_bytes, mask);
        todo!()
    }

    /// Returns the header's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}
