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
pub struct Inflater {
    inner: Decompress,
    /// Bytes have come since the last message's or stream's end.
    begun: bool,
}

impl Inflater {
    /// Makes one without history.
    pub fn new() -> Self {
        Self { inner: Decompress::new(false), begun: false }
    }

    /// Inflates a piece of a message and appends it to `output`, which holds this message so far
    /// and never becomes longer than `bytes_max`.
    ///
    /// # Errors
    ///
    /// If the piece is not DEFLATE, or there is more in it than `bytes_max` allows; `output` then
    /// holds what came before.
    pub fn inflate(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<(), InflateError> {
        let _ = (input, output, bytes_max, &self.inner, self.begun);
        let _ = (FlushDecompress::Sync, Status::Ok);
        todo!()
    }

    /// Ends a message: appends what was still to come. History stays, for the next message.
    ///
    /// # Errors
    ///
    /// As [`inflate`](Self::inflate).
    pub fn finish_message(
        &mut self,
        output: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<(), InflateError> {
        self.inflate(&TAIL, output, bytes_max)
    }

    /// Forgets all history, as before each message of a peer without context takeover.
    pub fn reset(&mut self) {
        self.inner.reset(false);
        self.begun = false;
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}
