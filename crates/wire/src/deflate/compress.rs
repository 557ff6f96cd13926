//! Compressing what is sent (RFC 7692 §7.2.1).

use flate2::{Compress, Compression, FlushCompress};

use super::{TAIL, WINDOW_BITS_MAX, WINDOW_BITS_MIN};

/// Compresses messages, one after the other.
pub struct Deflater {
    inner: Compress,
    window_bits: u8,
}

impl Deflater {
    /// Makes one without history that refers back no further than two to the power of `window_bits`
    /// bytes (9 to 15; others are taken for the nearest). `level`: from 1, fast, to 9, small.
    pub fn new(window_bits: u8, level: u8) -> Self {
        let window_bits = window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX);
        let level = Compression::new(u32::from(level.clamp(1, 9)));
        Self { inner: Compress::new_with_window_bits(level, false, window_bits), window_bits }
    }

    /// Returns the size of the window, as its number of bits.
    pub const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Compresses all slices together as one message's payload and appends it to `output`.
    pub fn compress_message(&mut self, payload: &[&[u8]], output: &mut Vec<u8>) {
        let _ = (payload, output, &mut self.inner, FlushCompress::Sync, TAIL);
        todo!()
    }

    /// Forgets all history, as before each message where no context takeover was agreed.
    pub fn reset(&mut self) {
        self.inner.reset();
    }
}
