//! What a websocket sends: messages, and what the protocol itself has to say.

use std::fmt;

use super::coders::Scratch;
use super::{Kind, WebSocket};
use crate::close::{self, CloseCode};
use crate::frame::{Head, OpCode};
use crate::mask;

/// A message could not be sent: the websocket is closing or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendError;

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the websocket is closing or closed")
    }
}

impl std::error::Error for SendError {}

/// Control frames that wait to be sent, encoded.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pongs: Vec<u8>,
    pongs_count: usize,
    /// Of ours: a ping, then a close.
    others: Vec<u8>,
}

/// How many pings are answered one by one while nothing can be sent. Of more, only the latest is
/// (RFC 6455 §5.5.3), so that a flood of them costs no memory.
const PONGS_MAX: usize = 16;

impl WebSocket {
    /// Appends one message to `output`, all slices together, as one frame. A text's slices must
    /// together be UTF-8.
    ///
    /// It is compressed if that was agreed and makes it shorter, from `compress_bytes_min` on.
    /// Pongs that wait go before it: their pings may have come before what it answers.
    ///
    /// # Errors
    ///
    /// If [`can_send`](Self::can_send) says no. `output` is as it was.
    pub fn send(
        &mut self,
        kind: Kind,
        payload: &[&[u8]],
        scratch: &mut Scratch,
        output: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        if !self.can_send() {
            return Err(SendError);
        }
        let opcode = match kind {
            Kind::Text => OpCode::Text,
            Kind::Binary => OpCode::Binary,
        };
        self.take_pongs(output);
        let mask = self.config.next_mask();
        match self.compress(payload, scratch) {
            Some(compressed) => append_frame(opcode, true, &[compressed], mask, output),
            None => append_frame(opcode, false, payload, mask, output),
        }
        Ok(())
    }

    /// Appends what the protocol itself has to say: pongs, a ping, a close. Cheap when that is
    /// nothing.
    ///
    /// A close is the last thing a websocket says: poll after the last message.
    #[inline]
    pub fn poll_output(&mut self, output: &mut Vec<u8>) {
        if let Some(pending) = self.pending.take() {
            output.extend_from_slice(&pending.pongs);
            output.extend_from_slice(&pending.others);
            self.may_answer = false;
        }
    }

    /// Appends the pongs that wait.
    #[inline]
    pub(super) fn take_pongs(&mut self, output: &mut Vec<u8>) {
        let Some(pending) = &mut self.pending else { return };
        output.append(&mut pending.pongs);
        pending.pongs_count = 0;
        if pending.others.is_empty() {
            self.pending = None;
        }
    }

    /// Returns whether [`poll_output`](Self::poll_output) has something to append.
    #[inline]
    pub fn has_output(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn queue_pong(&mut self, payload: &[u8]) {
        let mask = self.config.next_mask();
        let pending = self.pending.get_or_insert_default();
        if pending.pongs_count == PONGS_MAX {
            pending.pongs.clear();
            pending.pongs_count = 0;
        }
        append_frame(OpCode::Pong, false, &[payload], mask, &mut pending.pongs);
        pending.pongs_count += 1;
    }

    pub(super) fn queue_ping(&mut self) {
        self.queue(OpCode::Ping, &[]);
    }

    /// Queues a close frame; without a payload if the code must not travel (RFC 6455 §7.4.1).
    pub(super) fn queue_close(&mut self, code: CloseCode, reason: &str) {
        if code.may_travel() {
            let reason = close::shorten(reason).as_bytes();
            self.queue(OpCode::Close, &[&code.number().to_be_bytes(), reason]);
        } else {
            self.queue(OpCode::Close, &[]);
        }
    }

    fn queue(&mut self, opcode: OpCode, payload: &[&[u8]]) {
        let mask = self.config.next_mask();
        let pending = self.pending.get_or_insert_default();
        append_frame(opcode, false, payload, mask, &mut pending.others);
    }
}

/// Appends a final frame whose payload is all slices together, masked where a client sends it.
#[inline]
pub(crate) fn append_frame(
    opcode: OpCode,
    compressed: bool,
    payload: &[&[u8]],
    mask: Option<[u8; 4]>,
    output: &mut Vec<u8>,
) {
    let payload_bytes = payload.iter().map(|slice| slice.len()).sum();
    let head = Head::new(opcode, compressed, payload_bytes, mask);
    output.reserve(head.as_bytes().len() + payload_bytes);
    output.extend_from_slice(head.as_bytes());
    let start = output.len();
    for slice in payload {
        output.extend_from_slice(slice);
    }
    if let Some(key) = mask {
        mask::apply(&mut output[start..], key);
    }
}
