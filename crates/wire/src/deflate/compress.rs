//! Compressing what is sent (RFC 7692 §7.2.1).

use flate2::{Compress, Compression, FlushCompress};

use super::{TAIL, WINDOW_BITS_MAX, WINDOW_BITS_MIN};

/// Compresses messages, one after the other.
#[derive(Debug)]
pub struct Deflater {
    inner: Compress,
    window_bits: u8,
    /// Nothing was compressed since the last reset, which costs 3 µs, or the beginning.
    fresh: bool,
}

impl Deflater {
    /// Makes one without history that refers back no further than two to the power of `window_bits`
    /// bytes (9 to 15; others are taken for the nearest). `level`: from 1, fast, to 9, small.
    pub fn new(window_bits: u8, level: u8) -> Self {
        let window_bits = window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX);
        let level = Compression::new(u32::from(level.clamp(1, 9)));
        let inner = Compress::new_with_window_bits(level, false, window_bits);
        Self { inner, window_bits, fresh: true }
    }

    /// Returns the size of the window, as its number of bits.
    pub const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Compresses all slices together as one message's payload and appends it to `output`.
    ///
    /// It may refer to the messages before it, back to the last [`reset`](Self::reset): every one
    /// of them must have gone to the same peer, and no other message in between.
    pub fn compress_message(&mut self, payload: &[&[u8]], output: &mut Vec<u8>) {
        if payload.iter().all(|slice| slice.is_empty()) {
            // An empty stored block without its length (RFC 7692 §7.2.3.6). Asked to flush nothing,
            // zlib would write nothing.
            output.push(0);
            return;
        }
        self.fresh = false;
        let begin = output.len();
        for slice in payload {
            self.compress(slice, FlushCompress::None, output);
        }
        self.compress(&[], FlushCompress::Sync, output);
        debug_assert!(output[begin..].ends_with(&TAIL), "a sync flush ends with an empty block");
        output.truncate(output.len() - TAIL.len());
    }

    /// Forgets all history, as before each message where no context takeover was agreed.
    pub fn reset(&mut self) {
        if !self.fresh {
            self.inner.reset();
            self.fresh = true;
        }
    }

    /// Compresses `input` until nothing is left of it nor, if `flush` asks for that, inside.
    fn compress(&mut self, mut input: &[u8], flush: FlushCompress, output: &mut Vec<u8>) {
        loop {
            let begin = output.len();
            // Zeroed before use, so in portions. More than any flush marker, which zlib would
            // otherwise write again.
            let end = begin + input.len().clamp(128, 16 << 10);
            output.resize(end, 0);
            let (read, written) = (self.inner.total_in(), self.inner.total_out());
            self.inner
                .compress(input, &mut output[begin..], flush)
                .expect("a compressor that is never finished takes input at any time");
            input = &input[as_len(self.inner.total_in() - read)..];
            let filled = begin + as_len(self.inner.total_out() - written);
            output.truncate(filled);
            if filled < end && input.is_empty() {
                return;
            }
        }
    }
}

/// Converts a difference of two totals, which is never more than a slice's length.
fn as_len(difference: u64) -> usize {
    usize::try_from(difference).expect("no more can be read or written than a slice holds")
}
