mod messages;
mod negotiation;
mod reference;
mod splice;

use super::{Deflater, InflateError, Inflater};

/// Inflates a whole message.
fn inflate(inflater: &mut Inflater, payload: &[u8]) -> Result<Vec<u8>, InflateError> {
    let mut message = Vec::new();
    inflater.inflate(payload, &mut message, 1 << 20)?;
    inflater.finish_message(&mut message, 1 << 20)?;
    Ok(message)
}

/// Compresses a whole message.
fn deflate(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    deflater.compress_message(&[message], &mut payload);
    payload
}

/// Makes bytes that look random, so that only their own repetition compresses.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    })
    .take(len)
    .collect()
}
