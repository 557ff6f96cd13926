//! The life of one WebSocket: messages, pings, the closing handshake, deadlines.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::close::CloseCode;
use crate::deflate::Agreed;
use crate::frame::{ProtocolError, Role};

/// What a websocket needs to know, shared by all of one kind.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which end of the line this is. Default: the server.
    pub role: Role,
    /// Payload bytes that a frame may announce. Default: 1 MiB.
    pub frame_bytes_max: u64,
    /// Bytes that a message may have, all its fragments together, and also after inflating. Default: 1 MiB.
    pub message_bytes_max: usize,
    /// After how much silence from the peer a ping is sent; none: never. Default: 30 s.
    pub ping_every: Option<Duration>,
    /// How long after a ping the peer may stay silent before it is given up. Default: 20 s.
    pub pong_within: Duration,
    /// How long after our close the peer may take to answer it. Default: 5 s.
    pub close_within: Duration,
    /// How long the peer may send no message before the connection is closed with 1000; none: for ever. Default: none.
    pub quiet_max: Option<Duration>,
    /// Where a client's masks come from. A server has no use for it.
    pub mask_keys: MaskKeys,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            role: Role::Server,
            frame_bytes_max: 1 << 20,
            message_bytes_max: 1 << 20,
            ping_every: Some(Duration::from_secs(30)),
            pong_within: Duration::from_secs(20),
            close_within: Duration::from_secs(5),
            quiet_max: None,
            mask_keys: MaskKeys::default(),
        }
    }
}

/// Makes the keys that a client masks its frames with (RFC 6455 §10.3): unpredictable if the seed was.
#[derive(Clone, Debug, Default)]
pub struct MaskKeys {}

impl MaskKeys {
    /// Starts with `seed`, which a client takes from the operating system's random bytes.
    pub fn new(seed: [u8; 16]) -> Self {
        let _ = seed;
        todo!()
    }
}

/// What one loop lends its websockets, one after the other: coders for those that keep no context, and the room
/// to inflate a message in.
#[derive(Default)]
pub struct Scratch {}

impl Scratch {
    /// Makes an empty one; what it needs it makes when first used.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Whether a message is text or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This end.
    Us,
    /// The other.
    Peer,
}

/// How far the closing handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Messages may pass.
    Open,
    /// This end has said close, and waits for the peer to.
    Closing,
    /// Over: both have said close, or one of them is gone.
    Closed,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of whoever began: [`CloseCode::NO_STATUS`] if it gave none, [`CloseCode::ABNORMAL`] if the line was cut.
    pub code: CloseCode,
    /// The reason that came with the code.
    pub reason: Box<str>,
    /// Whether both ends have said close.
    pub clean: bool,
    /// Who began.
    pub by: Side,
    /// What the peer did wrong, if that is why.
    pub error: Option<ProtocolError>,
}

/// A message could not be sent: this end has said close already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendError;

/// The protocol for one peer.
pub struct WebSocket {
    config: Arc<Config>,
}

impl WebSocket {
    /// Begins at the end of the opening handshake, in which `deflate` was agreed.
    pub fn new(config: &Arc<Config>, deflate: Option<Agreed>, now: Instant) -> Self {
        let _ = (deflate, now);
        Self { config: Arc::clone(config) }
    }

    /// Takes in all of `input`, unmasking it in place, and lends what it held, one event after the other.
    pub fn receive<'a>(
        &'a mut self,
        input: &'a mut [u8],
        scratch: &'a mut Scratch,
        now: Instant,
    ) -> Received<'a> {
        let _ = (input, scratch, now, &self.config);
        Received { websocket: PhantomData }
    }

    /// Takes note that the peer has closed its side of the line.
    pub fn end_of_stream(&mut self) {
        todo!()
    }

    /// Starts the closing handshake; does nothing if that was done.
    pub fn close(&mut self, code: CloseCode, reason: &str, now: Instant) {
        let _ = (code, reason, now);
        todo!()
    }

    /// Appends what the protocol itself has to say: pong, close, ping.
    pub fn poll_output(&mut self, output: &mut Vec<u8>) {
        let _ = output;
        todo!()
    }

    /// Returns whether [`poll_output`](Self::poll_output) would append something.
    pub fn has_output(&self) -> bool {
        todo!()
    }

    /// Returns when [`handle_deadline`](Self::handle_deadline) has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        todo!()
    }

    /// Does what is due at `now`: queues a ping, closes, or gives up.
    pub fn handle_deadline(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// Returns whether messages can be sent: nobody has said close.
    pub fn can_send(&self) -> bool {
        todo!()
    }

    /// Returns how far the closing handshake is.
    pub fn state(&self) -> State {
        todo!()
    }

    /// Returns how it ended, once it has.
    pub fn closed(&self) -> Option<&Closed> {
        todo!()
    }

    /// Returns whether the owner should close the socket: all is over and nothing is left to send.
    pub fn should_hang_up(&self) -> bool {
        todo!()
    }

    /// Appends a message of all slices together to `output`, as one frame.
    ///
    /// # Errors
    ///
    /// If either end has said close.
    pub fn send(
        &mut self,
        kind: Kind,
        payload: &[&[u8]],
        scratch: &mut Scratch,
        output: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let _ = (kind, payload, scratch, output);
        todo!()
    }

    /// Returns what was agreed about compression.
    pub fn deflate(&self) -> Option<&Agreed> {
        todo!()
    }
}

/// What came in, lent one event after the other. Dropping it takes in the rest unseen.
pub struct Received<'a> {
    websocket: PhantomData<&'a mut WebSocket>,
}

impl Received<'_> {
    /// Lends the next event; none when all of the input has been taken in.
    #[expect(clippy::should_implement_trait, reason = "an Iterator cannot lend")]
    pub fn next(&mut self) -> Option<Event<'_>> {
        let _ = &self.websocket;
        todo!()
    }
}

/// Something that a peer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// A ping; its pong is queued.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The peer said close, first or in answer.
    Close(Option<CloseCode>, &'a str),
    /// The peer broke the protocol. A close that says so is queued, and from here its input is discarded.
    Failed(ProtocolError),
}
