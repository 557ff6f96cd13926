//! What a websocket received, lent one event after the other.

use std::borrow::Cow;
use std::time::Instant;

use super::coders::Scratch;
use super::{Kind, State, WebSocket};
use crate::close::{self, CloseCode};
use crate::error::ProtocolError;
use crate::frame::OpCode;
use crate::stream::{Item, Limits};
use crate::utf8;

/// Something that a peer said, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// A ping. Its pong is queued.
    Ping(&'a [u8]),
    /// A pong, asked for or not.
    Pong(&'a [u8]),
    /// The peer said close, first or in answer: the websocket is closed, what came after is
    /// discarded.
    Close(Option<CloseCode>, &'a str),
    /// The peer broke the protocol. A close that says so is queued, what came after is discarded.
    Failed(ProtocolError),
}

/// What came in. It borrows the websocket until all of it was seen, so that nothing can be sent in
/// ignorance of what came; dropping it takes in the rest unseen.
///
/// ```compile_fail,E0499
/// # use campanile_wire::{Event, Kind, Scratch, WebSocket};
/// # fn echo(websocket: &mut WebSocket, input: &mut [u8], output: &mut Vec<u8>) {
/// # let (mut scratch, mut others) = (Scratch::new(), Scratch::new());
/// let mut received = websocket.receive(input, &mut scratch, std::time::Instant::now());
/// while let Some(Event::Binary(bytes)) = received.next() {
///     websocket.send(Kind::Binary, &[bytes], &mut others, output); // Collect what to send first.
/// }
/// # }
/// ```
pub struct Received<'a> {
    websocket: &'a mut WebSocket,
    input: &'a mut [u8],
    scratch: &'a mut Scratch,
    held: Held,
    limits: Limits,
    now: Instant,
}

/// What came in pieces and was copied together, while it is lent.
#[derive(Default)]
struct Held {
    text: String,
    bytes: Vec<u8>,
}

impl WebSocket {
    /// Takes in all of `input`, unmasking it in place, and lends what it held.
    #[inline]
    pub fn receive<'a>(
        &'a mut self,
        input: &'a mut [u8],
        scratch: &'a mut Scratch,
        now: Instant,
    ) -> Received<'a> {
        if !input.is_empty() {
            self.heard(now);
        }
        let input = if self.state == State::Closed { &mut [] } else { input };
        let limits = self.config.limits(self.deflate.is_some());
        Received { websocket: self, input, scratch, held: Held::default(), limits, now }
    }
}

impl<'a> Received<'a> {
    /// Stops here, and returns the input that was not taken in yet, as it came: for an owner that
    /// wants no more now, and will [`receive`](WebSocket::receive) it later.
    pub fn into_rest(mut self) -> &'a mut [u8] {
        std::mem::take(&mut self.input)
    }
}

impl Received<'_> {
    /// Lends the next event; none when all of the input was taken in.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an Iterator cannot lend")]
    pub fn next(&mut self) -> Option<Event<'_>> {
        // Nearly always: a text in one frame, whole.
        let Some(payload) = self.websocket.stream.next_whole_text(&mut self.input, &self.limits)
        else {
            return self.next_of_any_kind();
        };
        self.websocket.message_at = self.now;
        let text = utf8::check(payload);
        Some(text.map_or_else(|_| self.fail(ProtocolError::TextEncoding), Event::Text))
    }

    /// Appends the pongs that wait, for an owner that answers messages while it drains: so its
    /// answers stand in the order of what they answer.
    pub fn poll_pongs(&mut self, output: &mut Vec<u8>) {
        self.websocket.take_pongs(output);
    }

    #[inline(never)]
    fn next_of_any_kind(&mut self) -> Option<Event<'_>> {
        let Self { websocket, input, scratch, held, limits, now } = self;
        let event = match websocket.stream.next(input, limits, *now) {
            Ok(Some(item)) => open(item, websocket, scratch, held, *now),
            Ok(None) => return None,
            Err(error) => Err(error),
        };
        let event = event.unwrap_or_else(|error| {
            websocket.fail(error);
            Event::Failed(error)
        });
        if websocket.state == State::Closed {
            *input = &mut [];
        }
        Some(event)
    }

    #[cold]
    fn fail(&mut self, error: ProtocolError) -> Event<'static> {
        self.websocket.fail(error);
        self.input = &mut [];
        Event::Failed(error)
    }
}

impl Drop for Received<'_> {
    #[inline]
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

/// Turns what the stream completed into the event that it is, and lets the websocket take note.
#[inline]
fn open<'a>(
    item: Item<'a>,
    websocket: &mut WebSocket,
    scratch: &'a mut Scratch,
    held: &'a mut Held,
    now: Instant,
) -> Result<Event<'a>, ProtocolError> {
    match item {
        Item::Text(text) => {
            websocket.message_at = now;
            Ok(Event::Text(match text {
                Cow::Borrowed(text) => text,
                Cow::Owned(text) => {
                    held.text = text;
                    &held.text
                }
            }))
        }
        Item::Binary(bytes) => {
            websocket.message_at = now;
            Ok(Event::Binary(held.hold(bytes)))
        }
        Item::Compressed(kind, payload) => {
            websocket.message_at = now;
            websocket.inflate(&payload, scratch)?;
            match kind {
                Kind::Binary => Ok(Event::Binary(&scratch.inflated)),
                Kind::Text => utf8::check(&scratch.inflated)
                    .map(Event::Text)
                    .map_err(|_| ProtocolError::TextEncoding),
            }
        }
        Item::Control(opcode, payload) => open_control(opcode, held.hold(payload), websocket, now),
    }
}

#[inline(never)]
fn open_control<'a>(
    opcode: OpCode,
    payload: &'a [u8],
    websocket: &mut WebSocket,
    now: Instant,
) -> Result<Event<'a>, ProtocolError> {
    match opcode {
        OpCode::Close => {
            let (code, reason) = close::parse(payload)?;
            websocket.peer_closed(code, reason, now);
            Ok(Event::Close(code, reason))
        }
        OpCode::Ping => {
            if websocket.state == State::Open {
                websocket.queue_pong(payload);
            }
            Ok(Event::Ping(payload))
        }
        _ => Ok(Event::Pong(payload)),
    }
}

impl Held {
    #[inline]
    fn hold<'a>(&'a mut self, bytes: Cow<'a, [u8]>) -> &'a [u8] {
        match bytes {
            Cow::Borrowed(bytes) => bytes,
            Cow::Owned(bytes) => {
                self.bytes = bytes;
                &self.bytes
            }
        }
    }
}
