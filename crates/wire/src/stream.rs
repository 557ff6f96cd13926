//! Frames joined into messages, and control frames let through between them (RFC 6455 §5.4).
//!
//! What came whole is lent where it lies in the input, unmasked in place. Only what came in pieces
//! is copied together, into one buffer for each message, so that a million empty fragments take no
//! memory. A websocket that is in the middle of nothing keeps nothing on the heap.

use std::borrow::Cow;
use std::time::Instant;

use crate::error::ProtocolError;
use crate::frame::{self, Header, OpCode, PartialHeader, Rules};
use crate::mask;
use crate::utf8::{self, PartialText};

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

/// A frame, a message, or both, of which more must come.
#[derive(Debug)]
struct Unfinished {
    since: Instant,
    frame: Option<PartialFrame>,
    message: Option<Message>,
    control: Vec<u8>,
}

/// A frame whose payload has not all come.
#[derive(Clone, Copy, Debug)]
struct PartialFrame {
    header: Header,
    left_bytes: u64,
    mask: Option<[u8; 4]>,
}

/// The fragments of a message so far.
#[derive(Debug)]
enum Message {
    Text(PartialText),
    Binary(Vec<u8>),
    Compressed(Kind, Vec<u8>),
}

impl Stream {
    /// Takes a message of text from the front of `input`, unmasked and not yet checked, if it is
    /// there as nearly all are: in one frame, whole, not compressed, in the middle of nothing. None:
    /// see what [`next`](Self::next) says.
    ///
    /// A shorter way to what `next` would find, and kept apart for its speed: what is returned fits
    /// registers.
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
        if self.unfinished.is_none() && self.header.is_empty() {
            let Some((header, header_bytes)) = Header::parse(input, &limits.rules)? else {
                return self.next_in_pieces(input, limits, now);
            };
            let whole = header.payload_bytes <= (input.len() - header_bytes) as u64;
            if whole && header.last && header.opcode != OpCode::Continuation {
                if !header.opcode.is_control() {
                    limits.check_message(header.compressed, 0, header.payload_bytes)?;
                }
                take(input, header_bytes);
                let payload = take(input, header.payload_bytes as usize);
                return lend(&header, payload).map(Some);
            }
        }
        self.next_in_pieces(input, limits, now)
    }

    /// Returns since when a frame or a message waits for its rest; none if none does. A header that
    /// is alone and incomplete is not counted.
    pub fn unfinished_since(&self) -> Option<Instant> {
        self.unfinished.as_ref().map(|unfinished| unfinished.since)
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

    #[inline(never)]
    fn next_in_pieces<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
        now: Instant,
    ) -> Result<Option<Item<'a>>, ProtocolError> {
        loop {
            let unfinished = self.unfinished.get_or_insert_with(|| Unfinished::new(now));
            if unfinished.frame.is_none() {
                let header = self.header.receive(input, &limits.rules)?;
                let Some((header, header_bytes)) = header else {
                    *input = &mut [];
                    self.rest();
                    return Ok(None);
                };
                take(input, header_bytes);
                unfinished.begin(header, limits)?;
            }
            let item = unfinished.receive_payload(input)?;
            if item.is_some() || input.is_empty() {
                self.rest();
                return Ok(item);
            }
        }
    }

    /// Lets go of the memory for unfinished things when there are none.
    fn rest(&mut self) {
        if self.unfinished.as_ref().is_some_and(|unfinished| unfinished.is_done()) {
            self.unfinished = None;
        }
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

impl Unfinished {
    fn new(now: Instant) -> Box<Self> {
        Box::new(Self { since: now, frame: None, message: None, control: Vec::new() })
    }

    #[cfg(test)]
    fn allocated_bytes(&self) -> usize {
        let message_bytes = match &self.message {
            None => 0,
            Some(Message::Text(text)) => text.allocated_bytes(),
            Some(Message::Binary(bytes) | Message::Compressed(_, bytes)) => bytes.capacity(),
        };
        size_of::<Self>() + self.control.capacity() + message_bytes
    }

    fn is_done(&self) -> bool {
        self.frame.is_none() && self.message.is_none()
    }

    /// Begins a frame: checks that it comes where it may (RFC 6455 §5.4), and that its message does
    /// not become too long, before there is any memory for it.
    fn begin(&mut self, header: Header, limits: &Limits) -> Result<(), ProtocolError> {
        if !header.opcode.is_control() {
            match (&self.message, header.opcode == OpCode::Continuation) {
                (Some(_), false) => return Err(ProtocolError::ContinuationMissing),
                (None, true) => return Err(ProtocolError::ContinuationUnexpected),
                (Some(_), true) | (None, false) => {}
            }
            let message = self.message.get_or_insert_with(|| Message::new(&header));
            let compressed = matches!(message, Message::Compressed(..));
            limits.check_message(compressed, message.len(), header.payload_bytes)?;
        }
        let (left_bytes, mask) = (header.payload_bytes, header.mask);
        self.frame = Some(PartialFrame { header, left_bytes, mask });
        Ok(())
    }

    /// Takes from `input` what belongs to the begun frame. Returns what that completes, if anything.
    fn receive_payload<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Item<'a>>, ProtocolError> {
        let frame = self.frame.as_mut().expect("a frame is begun before its payload is received");
        let header = frame.header;
        let (piece, all_came) = frame.take_payload(input);
        if all_came {
            self.frame = None;
        }
        if header.opcode.is_control() {
            return Ok(self.receive_control(header, piece, all_came));
        }
        let message = self.message.as_mut().expect("a data frame belongs to a message");
        message.push(piece)?;
        if !(all_came && header.last) {
            return Ok(None);
        }
        self.message.take().map(Message::finish).transpose()
    }

    fn receive_control<'a>(
        &mut self,
        header: Header,
        piece: &'a [u8],
        all_came: bool,
    ) -> Option<Item<'a>> {
        if all_came && self.control.is_empty() {
            return Some(Item::Control(header.opcode, Cow::Borrowed(piece)));
        }
        self.control.extend_from_slice(piece);
        let payload = all_came.then(|| std::mem::take(&mut self.control))?;
        Some(Item::Control(header.opcode, Cow::Owned(payload)))
    }
}

impl PartialFrame {
    /// Takes and unmasks what `input` has of the payload, and says whether that is all of it.
    fn take_payload<'a>(&mut self, input: &mut &'a mut [u8]) -> (&'a [u8], bool) {
        let here = self.left_bytes.min(input.len() as u64);
        let piece = take(input, here as usize);
        if let Some(key) = &mut self.mask {
            mask::apply(piece, *key);
            *key = mask::rotate(*key, piece.len());
        }
        self.left_bytes -= here;
        (piece, self.left_bytes == 0)
    }
}

impl Message {
    fn new(header: &Header) -> Self {
        let kind = if header.opcode == OpCode::Text { Kind::Text } else { Kind::Binary };
        match kind {
            _ if header.compressed => Self::Compressed(kind, Vec::new()),
            Kind::Text => Self::Text(PartialText::default()),
            Kind::Binary => Self::Binary(Vec::new()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.len(),
        }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        match self {
            Self::Text(text) => text.push(piece).map_err(|_| ProtocolError::TextEncoding)?,
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.extend_from_slice(piece),
        }
        Ok(())
    }

    fn finish(self) -> Result<Item<'static>, ProtocolError> {
        Ok(match self {
            Self::Text(text) => {
                let text = text.finish().map_err(|_| ProtocolError::TextEncoding)?;
                Item::Text(Cow::Owned(text))
            }
            Self::Binary(bytes) => Item::Binary(Cow::Owned(bytes)),
            Self::Compressed(kind, bytes) => Item::Compressed(kind, Cow::Owned(bytes)),
        })
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
