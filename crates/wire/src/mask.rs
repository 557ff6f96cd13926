//! Masking in place (RFC 6455 §5.3). Masking again with the same key unmasks.

/// Applies `key` to `payload`, whose first byte is the key's first.
///
/// Plain loops over arrays, which the compiler turns into vector instructions.
#[inline]
pub fn apply(payload: &mut [u8], key: [u8; 4]) {
    let wide = u128::from_ne_bytes(std::array::from_fn(|at| key[at % 4]));
    let (blocks, rest) = payload.as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Returns the key for what follows the first `bytes` of a payload that `key` masks.
#[inline]
pub fn rotate(mut key: [u8; 4], bytes: usize) -> [u8; 4] {
    key.rotate_left(bytes % 4);
    key
}
