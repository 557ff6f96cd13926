//! Frames joined into messages, and control frames let through between them (RFC 6455 §5.4).
//!
//! What came whole is lent where it lies in the input, unmasked in place. Only what came in pieces
//! is copied together, into one buffer for each message, so that a million empty fragments take no
//! memory. A websocket that is in the middle of nothing keeps nothing on the heap.

mod unfinished;

use std::borrow::Cow;
use std::time::Instant;

use crate::error::ProtocolError;
use crate::frame::{self, Header, OpCode, PartialHeader, Rules};
use crate::mask;
use crate::utf8;
use unfinished::Unfinished;

/// What the frames of one direction make.
#[derive(Debug, Default)]
pub struct Stream {
    header: PartialHeader,
    unfinished: Option<Box<Unfinished>>,
}

/// Something complete.
#[derive(Debug)]
pub enum Item<'a> {
    /// A message of text.
    Text(Cow<'a, str>),
    /// A message of bytes.
    Binary(Cow<'a, [u8]>),
    /// A message to be inflated, which is then text or bytes.
    Compressed(Kind, Cow<'a, [u8]>),
    /// A control frame.
    Control(OpCode, Cow<'a, [u8]>),
}

/// Whether a message is text or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// What the peer may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What each header may say.
    pub rules: Rules,
    /// Bytes of a message, all its fragments together.
    pub message_bytes_max: usize,
}

impl Stream {
    /// Takes a message of text from the front of `input`, unmasked and not yet checked, if it is
    /// there as nearly all are: in one frame, whole, not compressed, in the middle of nothing.
    /// None, and nothing taken: see what [`next`](Self::next) says.
    ///
    /// It finds only what `next` would find, and is kept apart for its speed: what it returns fits
    /// the registers.
    #[inline]
    pub fn next_whole_text<'a>(
        &self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Option<&'a mut [u8]> {
        if self.unfinished.is_some() || !self.header.is_empty() {
            return None;
        }
        let (mask, header_bytes, payload_bytes) = frame::parse_whole_text(input, &limits.rules)?;
        if payload_bytes > limits.message_bytes_max {
            return None;
        }
        take(input, header_bytes);
        let payload = take(input, payload_bytes);
        if let Some(key) = mask {
            mask::apply(payload, key);
        }
        Some(payload)
    }

    /// Takes the next item from the front of `input`; none when all of `input` is taken in and more
    /// is needed.
    ///
    /// # Errors
    ///
    /// What the peer did wrong. The stream must not be used any more.
    pub fn next<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        now: Instant,
    ) -> Result<Option<Item<'a>>, ProtocolError> {
        // A whole message or control frame in the middle of nothing is lent where it lies.
        if self.unfinished.is_none()
            && self.header.is_empty()
            && let Some((header, header_bytes)) = Header::parse(input, &limits.rules)?
            && header.last
            && header.opcode != OpCode::Continuation
            && header.payload_bytes <= (input.len() - header_bytes) as u64
        {
            if !header.opcode.is_control() {
                limits.check_message(header.compressed, 0, header.payload_bytes)?;
            }
            take(input, header_bytes);
            let payload = take(input, header.payload_bytes as usize);
            return lend(&header, payload).map(Some);
        }
        self.next_in_pieces(input, limits, now)
    }

    /// Returns since when a frame or a message waits for its rest; none if none does. A header that
    /// is alone and incomplete is not counted.
    pub fn unfinished_since(&self) -> Option<Instant> {
        self.unfinished.as_ref().map(|unfinished| unfinished.since)
    }

    /// Counts the time of what is unfinished from `now` on.
    pub fn begin_anew(&mut self, now: Instant) {
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.since = now;
        }
    }

    /// Returns how many bytes are on the heap for what is unfinished.
    #[cfg(test)]
    pub(crate) fn allocated_bytes(&self) -> usize {
        self.unfinished.as_ref().map_or(0, |unfinished| unfinished.allocated_bytes())
    }

    /// Forgets what is unfinished.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn next_in_pieces<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        now: Instant,
    ) -> Result<Option<Item<'a>>, ProtocolError> {
        while !input.is_empty() {
            if self.unfinished.as_ref().is_none_or(|unfinished| unfinished.awaits_header()) {
                let header = self.header.receive(input, &limits.rules)?;
                let Some((header, header_bytes)) = header else {
                    *input = &mut [];
                    break;
                };
                take(input, header_bytes);
                let unfinished = self.unfinished.get_or_insert_with(|| Unfinished::new(now));
                unfinished.begin(header, limits)?;
            }
            let unfinished = self.unfinished.as_mut().expect("a frame has begun");
            let item = unfinished.receive_payload(input)?;
            if unfinished.is_done() {
                self.unfinished = None;
            }
            if item.is_some() {
                return Ok(item);
            }
        }
        Ok(None)
    }
}

impl Limits {
    /// Checks that `payload_bytes` more do not make a message of `message_bytes` so far too long.
    #[inline]
    fn check_message(
        &self,
        compressed: bool,
        message_bytes: usize,
        payload_bytes: u64,
    ) -> Result<(), ProtocolError> {
        let mut bytes_max = self.message_bytes_max;
        if compressed {
            // Until it is inflated, and then measured. Incompressible data becomes a little longer.
            bytes_max = bytes_max.saturating_add(bytes_max / 64 + 64);
        }
        if payload_bytes.saturating_add(message_bytes as u64) > bytes_max as u64 {
            return Err(ProtocolError::MessageTooLong);
        }
        Ok(())
    }
}

/// Lends what a frame that is whole, and a message or control frame by itself, holds.
#[inline]
fn lend<'a>(header: &Header, payload: &'a mut [u8]) -> Result<Item<'a>, ProtocolError> {
    if let Some(key) = header.mask {
        mask::apply(payload, key);
    }
    Ok(match header.opcode {
        OpCode::Text if header.compressed => Item::Compressed(Kind::Text, Cow::Borrowed(payload)),
        OpCode::Text => {
            let text = utf8::check(payload).map_err(|_| ProtocolError::TextEncoding)?;
            Item::Text(Cow::Borrowed(text))
        }
        OpCode::Continuation | OpCode::Binary if header.compressed => {
            Item::Compressed(Kind::Binary, Cow::Borrowed(payload))
        }
        OpCode::Continuation | OpCode::Binary => Item::Binary(Cow::Borrowed(payload)),
        OpCode::Close | OpCode::Ping | OpCode::Pong => {
            Item::Control(header.opcode, Cow::Borrowed(payload))
        }
    })
}

/// Splits the first `bytes` off `input`, with the lifetime of what it borrows.
#[inline]
fn take<'a>(input: &mut &'a mut [u8], bytes: usize) -> &'a mut [u8] {
    let (taken, rest) = std::mem::take(input).split_at_mut(bytes);
    *input = rest;
    taken
}
