//! What a peer can do wrong, and the close code that tells it so (RFC 6455 §7.4.1).

use std::fmt;

use crate::close::CloseCode;

/// How a peer broke the protocol or a limit. Its websocket reads nothing more, and closes with
/// [`close_code`](Self::close_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolError {
    /// A frame set a reserved bit that no extension gave a meaning there.
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
    /// A control frame was not its own last.
    ControlFragmented,
    /// A control frame's payload had over 125 bytes.
    ControlTooLong,
    /// A continuation came where no message had begun.
    ContinuationUnexpected,
    /// A new message began before the last one's end.
    ContinuationMissing,
    /// A close frame's payload had one byte: half a code.
    CloseTruncated,
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
    /// A compressed message was over `message_bytes_max` when inflated.
    InflatedTooLong,
}

impl ProtocolError {
    /// Returns the close code that tells the peer which of these it was.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBit
            | Self::ReservedOpCode
            | Self::MaskMissing
            | Self::MaskUnexpected
            | Self::LengthNotMinimal
            | Self::LengthOver63Bits
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::ContinuationUnexpected
            | Self::ContinuationMissing
            | Self::CloseTruncated
            | Self::CloseCode => CloseCode::PROTOCOL,
            Self::CloseReason | Self::TextEncoding | Self::Deflate => CloseCode::INVALID_DATA,
            Self::FrameTooLong | Self::MessageTooLong | Self::InflatedTooLong => CloseCode::TOO_BIG,
        }
    }

    /// Says what the peer did, in words that fit a close frame's reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReservedBit => "a reserved bit was set",
            Self::ReservedOpCode => "a reserved opcode was used",
            Self::MaskMissing => "a client's frame was not masked",
            Self::MaskUnexpected => "a server's frame was masked",
            Self::LengthNotMinimal => "a frame's length was longer than it needed to be",
            Self::LengthOver63Bits => "a frame's length was over 63 bits",
            Self::ControlFragmented => "a control frame was fragmented",
            Self::ControlTooLong => "a control frame was over 125 bytes",
            Self::ContinuationUnexpected => "a continuation had no message to continue",
            Self::ContinuationMissing => "a message began before the last one's end",
            Self::CloseTruncated => "a close frame had half a code",
            Self::CloseCode => "a close frame had a code that must not be sent",
            Self::CloseReason => "a close frame's reason was not UTF-8",
            Self::TextEncoding => "a text message was not UTF-8",
            Self::Deflate => "a compressed message could not be inflated",
            Self::FrameTooLong => "a frame was too long",
            Self::MessageTooLong => "a message was too long",
            Self::InflatedTooLong => "a message was too long when inflated",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::error::Error for ProtocolError {}
