//! One compression for many messages: shared blocks spliced between private bytes.

use bytes::Bytes;

use super::Deflater;

/// A payload compressed once, to stand between private bytes in many messages.
#[derive(Clone, Debug)]
pub struct Shared {
    blocks: Bytes,
}

impl Shared {
    /// Compresses all slices together, with the deflater's window and without its history, which is
    /// forgotten.
    pub fn compress(data: &[&[u8]], deflater: &mut Deflater) -> Self {
        let mut blocks = Vec::new();
        deflater.reset();
        deflater.compress_message(data, &mut blocks);
        Self { blocks: blocks.into() }
    }

    /// Returns the bytes that all messages share.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.blocks
    }

    /// Returns how many bytes a message's payload has with this much before and after the shared
    /// data.
    pub fn message_bytes(&self, prefix_bytes: usize, suffix_bytes: usize) -> usize {
        let _ = (prefix_bytes, suffix_bytes);
        todo!()
    }

    /// Appends a message's payload: `prefix`, the shared data and `suffix`.
    pub fn append(&self, prefix: &[u8], suffix: &[u8], output: &mut Vec<u8>) {
        Self::append_head(prefix, output);
        output.extend_from_slice(&self.blocks);
        Self::append_tail(suffix, output);
    }

    /// Appends what comes before the shared bytes.
    pub fn append_head(prefix: &[u8], output: &mut Vec<u8>) {
        let _ = (prefix, output);
        todo!()
    }

    /// Appends what comes after the shared bytes.
    pub fn append_tail(suffix: &[u8], output: &mut Vec<u8>) {
        let _ = (suffix, output);
        todo!()
    }
}
