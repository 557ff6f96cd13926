//! Who compresses and inflates, and where to: shared where no context is kept, own where one is.

use super::WebSocket;
use crate::deflate::{Deflater, InflateError, Inflater};
use crate::error::ProtocolError;
use crate::frame::Role;

/// What one loop lends its websockets, one after the other: coders for those that keep no context,
/// and room for messages that are compressed or inflated.
#[derive(Default)]
pub struct Scratch {
    inflater: Option<Inflater>,
    deflaters: Vec<SharedDeflater>,
    pub(super) inflated: Vec<u8>,
    compressed: Vec<u8>,
}

struct SharedDeflater {
    level: u8,
    deflater: Deflater,
}

/// How much room a scratch keeps from one message to the next.
const KEPT_BYTES_MAX: usize = 64 * 1024;

impl Scratch {
    /// Makes an empty one, which makes what it needs when that is first needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the compressor without history for this window and level.
    fn deflater(&mut self, window_bits: u8, level: u8) -> &mut Deflater {
        let matching = |shared: &SharedDeflater| {
            shared.level == level && shared.deflater.window_bits() == window_bits
        };
        let at = self.deflaters.iter().position(matching).unwrap_or_else(|| {
            let deflater = Deflater::new(window_bits, level);
            self.deflaters.push(SharedDeflater { level, deflater });
            self.deflaters.len() - 1
        });
        &mut self.deflaters[at].deflater
    }
}

/// The coders of a websocket that keeps context: made when first used.
#[derive(Default)]
pub(super) struct Coders {
    inflater: Option<Inflater>,
    deflater: Option<Deflater>,
}

impl WebSocket {
    /// Inflates a message into `scratch.inflated`.
    pub(super) fn inflate(
        &mut self,
        payload: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), ProtocolError> {
        let peer = match self.config.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let keeps_context =
            self.deflate.is_some_and(|agreed| agreed.sent_by(peer).context_takeover);
        let inflater = if keeps_context {
            self.coders.get_or_insert_default().inflater.get_or_insert_default()
        } else {
            let inflater = scratch.inflater.get_or_insert_default();
            inflater.reset();
            inflater
        };
        let output = &mut scratch.inflated;
        output.clear();
        output.shrink_to(KEPT_BYTES_MAX);
        inflater
            .inflate(payload, output, self.config.message_bytes_max)
            .and_then(|()| inflater.finish_message(output, self.config.message_bytes_max))
            .map_err(|error| match error {
                InflateError::Corrupt => ProtocolError::Deflate,
                InflateError::TooLong => ProtocolError::InflatedTooLong,
            })
    }

    /// Compresses a message, if that was agreed and is worth it. None: send it as it is.
    pub(super) fn compress<'a>(
        &mut self,
        payload: &[&[u8]],
        scratch: &'a mut Scratch,
    ) -> Option<&'a [u8]> {
        let sending = self.deflate?.sent_by(self.config.role);
        let payload_bytes = payload.iter().map(|slice| slice.len()).sum::<usize>();
        if payload_bytes < self.config.compress_bytes_min {
            return None;
        }
        let level = self.config.compress_level;
        let mut compressed = std::mem::take(&mut scratch.compressed);
        compressed.clear();
        compressed.shrink_to(KEPT_BYTES_MAX);
        if sending.context_takeover {
            let deflater = &mut self.coders.get_or_insert_default().deflater;
            deflater
                .get_or_insert_with(|| Deflater::new(sending.window_bits, level))
                .compress_message(payload, &mut compressed);
        } else {
            let deflater = scratch.deflater(sending.window_bits, level);
            deflater.reset();
            deflater.compress_message(payload, &mut compressed);
        }
        scratch.compressed = compressed;
        // What later messages may refer to must be sent, also if it became longer.
        let worth_it = sending.context_takeover || scratch.compressed.len() < payload_bytes;
        worth_it.then_some(&*scratch.compressed)
    }
}
