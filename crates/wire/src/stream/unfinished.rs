//! What has begun to come: a frame, a message, or a message with a control frame in it.

use std::borrow::Cow;
use std::time::Instant;

use super::{Item, Kind, Limits, take};
use crate::error::ProtocolError;
use crate::frame::{Header, OpCode};
use crate::mask;
use crate::utf8::PartialText;

/// A frame, a message, or both, of which more must come.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) since: Instant,
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

impl Unfinished {
    pub(super) fn new(now: Instant) -> Box<Self> {
        Box::new(Self { since: now, frame: None, message: None, control: Vec::new() })
    }

    #[cfg(test)]
    pub(super) fn allocated_bytes(&self) -> usize {
        let message_bytes = match &self.message {
            None => 0,
            Some(Message::Text(text)) => text.allocated_bytes(),
            Some(Message::Binary(bytes) | Message::Compressed(_, bytes)) => bytes.capacity(),
        };
        size_of::<Self>() + self.control.capacity() + message_bytes
    }

    pub(super) fn is_done(&self) -> bool {
        self.frame.is_none() && self.message.is_none()
    }

    /// Returns whether the next bytes are a frame's header.
    pub(super) fn awaits_header(&self) -> bool {
        self.frame.is_none()
    }

    /// Begins a frame: checks that it comes where it may (RFC 6455 §5.4), and that its message does
    /// not become too long, before there is any memory for it.
    pub(super) fn begin(&mut self, header: Header, limits: &Limits) -> Result<(), ProtocolError> {
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

    /// Takes from `input` what belongs to the begun frame. Returns what that completes, if any.
    pub(super) fn receive_payload<'a>(
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
