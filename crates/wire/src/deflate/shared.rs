//! One compression for many messages: shared blocks spliced between private bytes.
//!
//! A DEFLATE stream is a sequence of blocks, and a block that is merely stored needs no
//! compression. So a message can be put together from
//!
//! ```text
//! 00 LEN NLEN prefix   a stored block: the bytes that only this message begins with
//! shared blocks        compressed once; they end with the header of an empty stored block,
//!                      whose length, 00 00 ff ff, was stripped
//! LEN NLEN suffix      that block's length instead, and the bytes that only this message ends with
//! 00                   the header of another, whose length RFC 7692 §7.2.1 strips in turn
//! ```
//!
//! The shared blocks refer only to each other, so they mean the same after any prefix and any
//! history. They leave a history that no [`Deflater`] knows of: whatever else is sent on the same
//! connection must be compressed by one that was reset since.

use bytes::Bytes;

use super::Deflater;

/// A payload compressed once, to stand between private bytes in many messages.
///
/// ```
/// use campanile_wire::deflate::{Deflater, Inflater, Shared};
///
/// let mut deflater = Deflater::new(15, 6);
/// let shared = Shared::compress(&[br#"{"type":"publish","data":{"zoo":1}"#], &mut deflater);
/// let mut payload = Vec::new();
/// shared.append(b"", br#","requestId":"mine"}"#, &mut payload);
///
/// let mut message = Vec::new();
/// let mut inflater = Inflater::new();
/// inflater.inflate(&payload, &mut message, 1024)?;
/// inflater.finish_message(&mut message, 1024)?;
/// assert_eq!(message, br#"{"type":"publish","data":{"zoo":1},"requestId":"mine"}"#);
/// # Ok::<(), campanile_wire::deflate::InflateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Shared {
    blocks: Bytes,
    window_bits: u8,
}

/// The bytes that one stored block can hold.
const STORED_BYTES_MAX: usize = 65_535;

impl Shared {
    /// Compresses all slices together with the deflater's window and without its history, which is
    /// forgotten before and after.
    pub fn compress(data: &[&[u8]], deflater: &mut Deflater) -> Self {
        let mut blocks = Vec::new();
        deflater.reset();
        deflater.compress_message(data, &mut blocks);
        deflater.reset();
        Self { blocks: blocks.into(), window_bits: deflater.window_bits() }
    }

    /// Returns the bytes that all messages share. Cloning them copies nothing.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.blocks
    }

    /// Returns how many bits of window a peer must have agreed to, at least, to be sent this.
    pub const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Returns how many bytes a message's payload has, with this much before and after the shared
    /// data.
    pub fn message_bytes(&self, prefix_bytes: usize, suffix_bytes: usize) -> usize {
        stored_bytes(prefix_bytes) + self.blocks.len() + stored_bytes(suffix_bytes)
    }

    /// Appends a message's payload: `prefix`, the shared data and `suffix`.
    #[inline]
    pub fn append(&self, prefix: &[u8], suffix: &[u8], output: &mut Vec<u8>) {
        output.reserve(self.message_bytes(prefix.len(), suffix.len()));
        Self::append_head(prefix, output);
        output.extend_from_slice(&self.blocks);
        Self::append_tail(suffix, output);
    }

    /// Appends what comes before the shared bytes: nothing, if `prefix` is empty.
    #[inline]
    pub fn append_head(prefix: &[u8], output: &mut Vec<u8>) {
        for part in prefix.chunks(STORED_BYTES_MAX) {
            output.push(0);
            append_stored(part, output);
        }
    }

    /// Appends what comes after the shared bytes: nothing, if `suffix` is empty.
    #[inline]
    pub fn append_tail(suffix: &[u8], output: &mut Vec<u8>) {
        for part in suffix.chunks(STORED_BYTES_MAX) {
            append_stored(part, output);
            output.push(0);
        }
    }
}

/// Returns how many bytes stored blocks take for so many bytes of content: five each.
fn stored_bytes(content_bytes: usize) -> usize {
    content_bytes + 5 * content_bytes.div_ceil(STORED_BYTES_MAX)
}

/// Appends a stored block without its header (RFC 1951 §3.2.4).
#[inline]
fn append_stored(content: &[u8], output: &mut Vec<u8>) {
    let len = u16::try_from(content.len()).expect("parts have at most 65,535 bytes");
    output.extend_from_slice(&len.to_le_bytes());
    output.extend_from_slice(&(!len).to_le_bytes());
    output.extend_from_slice(content);
}
