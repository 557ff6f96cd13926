//! Frame headers: read, checked, and written (RFC 6455 §5.2).
//!
//! ```text
//!  byte 0               byte 1                 0, 2 or 8 bytes   0 or 4 bytes
//! +---+-----+--------+ +------+-------------+ +---------------+ +------------+
//! |FIN|RSV 3|opcode 4| |MASK 1|length 7 bits| | longer length | | masking key|  payload
//! +---+-----+--------+ +------+-------------+ +---------------+ +------------+
//! ```
//!
//! A header is checked against every rule before anything is allocated or read for its payload, so
//! that a length is never believed before it is known to be allowed.

#[cfg(test)]
mod tests;

use crate::error::ProtocolError;

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

    const fn from_wire(number: u8) -> Result<Self, ProtocolError> {
        Ok(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(ProtocolError::ReservedOpCode),
        })
    }
}

/// The bytes a control frame's payload may have (RFC 6455 §5.5).
pub const CONTROL_PAYLOAD_BYTES_MAX: usize = 125;

/// The bytes of the longest header: two, eight of length, four of mask.
pub const HEAD_BYTES_MAX: usize = 14;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASKED: u8 = 0x80;
const LENGTH_IN_2_BYTES: u8 = 126;
const LENGTH_IN_8_BYTES: u8 = 127;

/// What a header may say here.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The end that reads it.
    pub role: Role,
    /// Whether RSV1 means a compressed message (RFC 7692 §6).
    pub compression: bool,
    /// Payload bytes that it may announce.
    pub frame_bytes_max: u64,
}

/// A frame's header, read and found to be within the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the frame is for.
    pub opcode: OpCode,
    /// Whether it is its message's last.
    pub last: bool,
    /// Whether it begins a compressed message.
    pub compressed: bool,
    /// The key its payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// The length of its payload.
    pub payload_bytes: u64,
}

impl Header {
    /// Reads the header that `bytes` begin with, and its own length in bytes; none if it has not
    /// all come.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks, also if it has not all come.
    #[inline]
    pub fn parse(bytes: &[u8], rules: &Rules) -> Result<Option<(Header, usize)>, ProtocolError> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        let opcode = check_first_byte(first, rules)?;
        check_second_byte(second, opcode, rules)?;

        let Some((payload_bytes, length_bytes)) = parse_length(second & !MASKED, rest)? else {
            return Ok(None);
        };
        if payload_bytes > rules.frame_bytes_max {
            return Err(ProtocolError::FrameTooLong);
        }
        let (mask, mask_bytes) = if second & MASKED == 0 {
            (None, 0)
        } else {
            let Some(key) = rest[length_bytes..].first_chunk() else { return Ok(None) };
            (Some(*key), key.len())
        };
        let (last, compressed) = (first & FIN != 0, first & RSV1 != 0);
        let header = Header { opcode, last, compressed, mask, payload_bytes };
        Ok(Some((header, 2 + length_bytes + mask_bytes)))
    }
}

/// Reads the header of a whole and uncompressed text frame that is a message by itself: its mask,
/// its own length, and its payload's. None for every other, for one that is not within the rules,
/// and for one of which not all is in `bytes`.
#[inline]
pub(crate) fn parse_whole_text(
    bytes: &[u8],
    rules: &Rules,
) -> Option<(Option<[u8; 4]>, usize, usize)> {
    const WHOLE_TEXT: u8 = FIN | OpCode::Text as u8;
    let &[WHOLE_TEXT, second, ref rest @ ..] = bytes else { return None };
    let (payload_bytes, length_bytes) = parse_length(second & !MASKED, rest).ok()??;
    let (mask, mask_bytes) = match rules.role {
        Role::Server => (Some(*rest.get(length_bytes..)?.first_chunk()?), 4),
        Role::Client => (None, 0),
    };
    let header_bytes = 2 + length_bytes + mask_bytes;
    let is_right = (second & MASKED != 0) == mask.is_some()
        && payload_bytes <= rules.frame_bytes_max
        && payload_bytes <= (bytes.len() - header_bytes) as u64;
    is_right.then_some((mask, header_bytes, payload_bytes as usize))
}

/// Checks the bits that extensions give a meaning, and that control frames are whole (RFC 6455
/// §5.2, §5.5). RSV1 stands on the first frame of a compressed message only (RFC 7692 §6).
#[inline]
fn check_first_byte(first: u8, rules: &Rules) -> Result<OpCode, ProtocolError> {
    let opcode = OpCode::from_wire(first & 0x0f)?;
    if first & RSV2_RSV3 != 0 {
        return Err(ProtocolError::ReservedBit);
    }
    let may_be_compressed = rules.compression && matches!(opcode, OpCode::Text | OpCode::Binary);
    if first & RSV1 != 0 && !may_be_compressed {
        return Err(ProtocolError::ReservedBit);
    }
    if opcode.is_control() && first & FIN == 0 {
        return Err(ProtocolError::ControlFragmented);
    }
    Ok(opcode)
}

/// Checks that clients mask and servers do not (RFC 6455 §5.1), and that control frames are short.
#[inline]
fn check_second_byte(second: u8, opcode: OpCode, rules: &Rules) -> Result<(), ProtocolError> {
    match (rules.role, second & MASKED != 0) {
        (Role::Server, false) => return Err(ProtocolError::MaskMissing),
        (Role::Client, true) => return Err(ProtocolError::MaskUnexpected),
        (Role::Server, true) | (Role::Client, false) => {}
    }
    if opcode.is_control() && usize::from(second & !MASKED) > CONTROL_PAYLOAD_BYTES_MAX {
        return Err(ProtocolError::ControlTooLong);
    }
    Ok(())
}

/// Reads the payload's length, and how many bytes of `rest` it took. It must be written as short as
/// it can be, and fit 63 bits (RFC 6455 §5.2).
#[inline]
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    match short {
        LENGTH_IN_2_BYTES => {
            let Some(bytes) = rest.first_chunk() else { return Ok(None) };
            let length = u16::from_be_bytes(*bytes);
            if length < u16::from(LENGTH_IN_2_BYTES) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((u64::from(length), bytes.len())))
        }
        LENGTH_IN_8_BYTES => {
            let Some(bytes) = rest.first_chunk() else { return Ok(None) };
            let length = u64::from_be_bytes(*bytes);
            if length >> 63 != 0 {
                return Err(ProtocolError::LengthOver63Bits);
            }
            if length <= u64::from(u16::MAX) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((length, bytes.len())))
        }
        _ => Ok(Some((u64::from(short), 0))),
    }
}

/// A header that came in more than one read: the part that has come so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartialHeader {
    bytes: [u8; HEAD_BYTES_MAX],
    len: u8,
}

impl PartialHeader {
    /// Returns whether nothing has come.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Continues with `input`: returns the header and how many bytes of `input` were still its own,
    /// or none when it has taken all of `input` and needs more.
    ///
    /// # Errors
    ///
    /// As [`Header::parse`].
    pub fn receive(
        &mut self,
        input: &[u8],
        rules: &Rules,
    ) -> Result<Option<(Header, usize)>, ProtocolError> {
        let had = usize::from(self.len);
        let taken = input.len().min(HEAD_BYTES_MAX - had);
        let have = had + taken;
        self.bytes[had..have].copy_from_slice(&input[..taken]);
        if let Some((header, header_bytes)) = Header::parse(&self.bytes[..have], rules)? {
            self.len = 0;
            return Ok(Some((header, header_bytes - had)));
        }
        debug_assert_eq!(taken, input.len(), "fourteen bytes always hold a header");
        self.len = have as u8;
        Ok(None)
    }
}

/// An encoded frame header, on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    len: u8,
}

impl Head {
    /// Encodes the header of a final frame: `compressed` sets RSV1 (RFC 7692 §6), and a `mask`
    /// makes it a client's. The payload is to be masked by the caller.
    #[inline]
    pub fn new(
        opcode: OpCode,
        compressed: bool,
        payload_bytes: usize,
        mask: Option<[u8; 4]>,
    ) -> Self {
        let mut bytes = [0; HEAD_BYTES_MAX];
        bytes[0] = FIN | if compressed { RSV1 } else { 0 } | opcode as u8;
        let (short, mut len) = match payload_bytes {
            0..126 => (payload_bytes as u8, 2),
            126..=0xffff => {
                bytes[2..4].copy_from_slice(&(payload_bytes as u16).to_be_bytes());
                (LENGTH_IN_2_BYTES, 4)
            }
            _ => {
                bytes[2..10].copy_from_slice(&(payload_bytes as u64).to_be_bytes());
                (LENGTH_IN_8_BYTES, 10)
            }
        };
        bytes[1] = short;
        if let Some(key) = mask {
            bytes[1] |= MASKED;
            bytes[len..len + key.len()].copy_from_slice(&key);
            len += key.len();
        }
        Self { bytes, len: len as u8 }
    }

    /// Returns the header's bytes: two to fourteen.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}
