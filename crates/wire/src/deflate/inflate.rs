//! Reading what a peer compressed (RFC 7692 §7.2.2), never further than a limit.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::TAIL;

/// Why a message could not be inflated. The inflater is of no more use until it is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// It was not DEFLATE, or referred to what was not there.
    Corrupt,
    /// It became longer than was allowed.
    TooLong,
}

impl fmt::Display for InflateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Corrupt => "the peer sent a compressed message that is not DEFLATE",
            Self::TooLong => "the peer sent a compressed message that became too long",
        })
    }
}

impl std::error::Error for InflateError {}

/// Inflates messages, piece by piece.
///
/// It reads every window size: the implementation underneath always keeps the largest, 32 KiB, so
/// one inflater serves all connections that keep no context, whatever window they agreed on.
#[derive(Debug)]
pub struct Inflater {
    inner: Decompress,
    /// Bytes have come since the last message or DEFLATE stream ended.
    begun: bool,
}

impl Inflater {
    /// Makes one without history.
    pub fn new() -> Self {
        Self { inner: Decompress::new(false), begun: false }
    }

    /// Inflates a piece of a message and appends it to `output`, which holds this message so far
    /// and never becomes longer than `bytes_max`, nor gets room for more than one byte over it.
    ///
    /// A block marked as final ends a DEFLATE stream, not the message: what follows it is read as a
    /// new stream without history (RFC 7692 §7.2.3.4).
    ///
    /// # Errors
    ///
    /// If the piece is not DEFLATE, or holds more than `bytes_max` allows.
    pub fn inflate(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<(), InflateError> {
        let mut filled = output.len();
        let outcome = self.inflate_into(input, output, &mut filled, bytes_max);
        output.truncate(filled.min(bytes_max));
        outcome
    }

    /// Ends a message: appends what was still to come. History stays, for the next message.
    ///
    /// A message without any bytes, or whose last block was marked as final, ends where it is. RFC
    /// 7692 wants a zero byte there, which some peers leave out.
    ///
    /// # Errors
    ///
    /// As [`inflate`](Self::inflate).
    pub fn finish_message(
        &mut self,
        output: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<(), InflateError> {
        if self.begun {
            self.inflate(&TAIL, output, bytes_max)?;
        }
        self.begun = false;
        Ok(())
    }

    /// Forgets all history, as before each message of a peer without context takeover.
    pub fn reset(&mut self) {
        self.inner.reset(false);
        self.begun = false;
    }

    /// Inflates to where `output` is `filled`, and makes it longer than that: room is zeroed before
    /// use, so it is kept for the next stream and cut off only at the end.
    fn inflate_into(
        &mut self,
        mut input: &[u8],
        output: &mut Vec<u8>,
        filled: &mut usize,
        bytes_max: usize,
    ) -> Result<(), InflateError> {
        while !input.is_empty() || *filled == output.len() {
            if *filled == output.len() {
                grow(output, input.len(), bytes_max);
            }
            self.begun |= !input.is_empty();
            let (read, written) = (self.inner.total_in(), self.inner.total_out());
            let status =
                self.inner.decompress(input, &mut output[*filled..], FlushDecompress::Sync);
            let read = as_len(self.inner.total_in() - read);
            let written = as_len(self.inner.total_out() - written);
            input = &input[read..];
            *filled += written;
            if *filled > bytes_max {
                return Err(InflateError::TooLong);
            }
            match status {
                Ok(Status::StreamEnd) => self.reset(),
                Ok(_) if read + written > 0 || input.is_empty() => {}
                _ => return Err(InflateError::Corrupt),
            }
        }
        Ok(())
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes room in a full `output`: four times the input, which suits text, and no more than one byte
/// over the limit, which tells a message that ends there from one that goes on. Capacity doubles,
/// but not past what the limit can ever need.
fn grow(output: &mut Vec<u8>, input_bytes: usize, bytes_max: usize) {
    let len_max = bytes_max.saturating_add(1).max(output.len() + 1);
    let len = (output.len() + input_bytes.saturating_mul(4).clamp(128, 32 << 10)).min(len_max);
    if output.capacity() < len {
        let capacity = (output.capacity() * 2).clamp(len, len_max);
        output.reserve_exact(capacity - output.len());
    }
    output.resize(len, 0);
}

/// Converts a difference of two totals, which is never more than a slice's length.
fn as_len(difference: u64) -> usize {
    usize::try_from(difference).expect("no more can be read or written than a slice holds")
}
