//! Masking in place (RFC 6455 §5.3). Masking again with the same key unmasks.

#[cfg(test)]
mod tests;

/// Applies `key` to `payload`, whose first byte is the key's first.
///
/// 4 KiB take 36 ns with AVX2, and 76 ns with the vectors that every x86-64 has (`cargo run
/// --release -p campanile-wire --example parse_speed` has the whole road in numbers).
#[inline]
pub fn apply(payload: &mut [u8], key: [u8; 4]) {
    #[cfg(target_arch = "x86_64")]
    if payload.len() >= WIDE_BYTES_MIN && std::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "unmasking is half of the time that a large message takes")]
        // SAFETY: the processor has AVX2. The function is safe code otherwise: `apply_portable`,
        // compiled once more, which is its twin in the test that compares them.
        unsafe {
            apply_avx2(payload, key);
        }
        return;
    }
    apply_portable(payload, key);
}

/// Returns the key for what follows the first `bytes` of a payload that `key` masks.
#[inline]
pub fn rotate(mut key: [u8; 4], bytes: usize) -> [u8; 4] {
    key.rotate_left(bytes % 4);
    key
}

/// From here on a call that cannot be inlined pays.
const WIDE_BYTES_MIN: usize = 128;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn apply_avx2(payload: &mut [u8], key: [u8; 4]) {
    apply_portable(payload, key);
}

/// A plain loop over words, which the compiler turns into vector instructions.
#[inline(always)]
fn apply_portable(payload: &mut [u8], key: [u8; 4]) {
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(key)).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}
