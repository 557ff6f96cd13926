//! The life of one WebSocket: messages, pings, closing, deadlines (RFC 6455 §5.5, §7).
//!
//! A [`WebSocket`] is told what happens ([`receive`](WebSocket::receive),
//! [`end_of_stream`](WebSocket::end_of_stream), [`handle_deadline`](WebSocket::handle_deadline))
//! and asked what follows ([`Received::next`], [`poll_output`](WebSocket::poll_output),
//! [`deadline`](WebSocket::deadline), [`should_hang_up`](WebSocket::should_hang_up)). It calls
//! nobody.
//!
//! ```
//! use std::{sync::Arc, time::Instant};
//! use campanile_wire::{Config, Event, Kind, Scratch, WebSocket};
//!
//! let (mut scratch, mut output) = (Scratch::new(), Vec::new());
//! let mut websocket = WebSocket::new(&Arc::new(Config::default()), None, Instant::now());
//!
//! let mut input = *b"\x81\x85\0\0\0\0hello"; // Masked, with a key of zeros.
//! let mut received = websocket.receive(&mut input, &mut scratch, Instant::now());
//! assert_eq!(received.next(), Some(Event::Text("hello")));
//! assert_eq!(received.next(), None);
//! drop(received); // While it lives, nothing can be sent.
//!
//! websocket.send(Kind::Text, &[b"hel", b"lo"], &mut scratch, &mut output).unwrap();
//! assert_eq!(output, b"\x81\x05hello");
//! ```

mod coders;
mod config;
mod output;
mod received;
#[cfg(test)]
mod tests;
mod timers;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use coders::Scratch;
pub use config::{Config, MaskKeys};
pub use output::SendError;
pub use received::{Event, Received};
pub use timers::Overdue;

pub use crate::stream::Kind;

use crate::close::CloseCode;
use crate::deflate::Agreed;
use crate::error::ProtocolError;
use crate::frame::Role;
use crate::stream::Stream;
use coders::Coders;
use output::Pending;

/// The protocol for one peer.
///
/// Small, since a server holds many that are idle: what an unfinished message, an answer not yet
/// sent or a compressor's history needs is on the heap, and only then.
pub struct WebSocket {
    config: Arc<Config>,
    stream: Stream,
    pending: Option<Box<Pending>>,
    coders: Option<Box<Coders>>,
    /// How it ends; of meaning once `state` is not `Open`.
    ending: Option<Box<Closed>>,
    heard_at: Instant,
    message_at: Instant,
    /// When the peer must have answered our ping, or our close, or must have closed the line.
    answer_due: Option<Instant>,
    deflate: Option<Agreed>,
    state: State,
    /// What the peer said before it ended the connection may be answered before our close.
    may_answer: bool,
    /// Nothing more is expected of the line: it was cut, given up, or is not worth waiting for.
    line_over: bool,
}

/// How far the closing handshake is (RFC 6455 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Messages may pass.
    Open,
    /// This end has said close and waits for the peer to; messages may still come.
    Closing,
    /// Over: both have said close, or one of them is gone.
    Closed,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This end.
    Us,
    /// The other end.
    Peer,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code of whoever began: [`CloseCode::NO_STATUS`] if it gave none, and
    /// [`CloseCode::ABNORMAL`] if nobody said close.
    pub code: CloseCode,
    /// The reason that came with the code.
    pub reason: Box<str>,
    /// Whether both ends have said close.
    pub clean: bool,
    /// Who began.
    pub by: Side,
    /// What the peer did wrong, if it did.
    pub error: Option<ProtocolError>,
}

impl WebSocket {
    /// Begins where the opening handshake ends, with the compression that was agreed in it.
    pub fn new(config: &Arc<Config>, deflate: Option<Agreed>, now: Instant) -> Self {
        Self {
            config: Arc::clone(config),
            stream: Stream::default(),
            pending: None,
            coders: None,
            ending: None,
            heard_at: now,
            message_at: now,
            answer_due: None,
            deflate,
            state: State::Open,
            may_answer: false,
            line_over: false,
        }
    }

    /// Returns how far the closing handshake is.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns whether messages can be sent: this end has not said close.
    ///
    /// Where the peer ended the connection, by a close or by a violation, our close waits in
    /// [`poll_output`](Self::poll_output). Until it is polled, what came before can be answered.
    pub fn can_send(&self) -> bool {
        self.state == State::Open || self.may_answer
    }

    /// Returns how it ended, once it has.
    pub fn closed(&self) -> Option<&Closed> {
        self.ending.as_deref().filter(|_| self.state == State::Closed)
    }

    /// Returns whether the owner should close the socket: all is over and nothing is left to send.
    ///
    /// A client waits for the server to close first (RFC 6455 §7.1.1), until `close_within`. If
    /// the peer may still be sending, shut down only writing, and read on until its end of stream:
    /// a socket closed over unread bytes resets the line, and our close frame may be lost in it.
    pub fn should_hang_up(&self) -> bool {
        let waits = self.config.role == Role::Client && !self.line_over;
        self.state == State::Closed && !self.has_output() && !waits
    }

    /// Returns what was agreed about compression.
    ///
    /// Where this end keeps no context ([`Agreed::sent_by`]), [`send`](Self::send) never refers to
    /// earlier messages, and payloads compressed elsewhere may be written between its frames.
    pub fn deflate(&self) -> Option<&Agreed> {
        self.deflate.as_ref()
    }

    /// Starts the closing handshake; does nothing if that was done.
    ///
    /// A code that must not travel, such as [`CloseCode::NO_STATUS`], sends a close frame without
    /// code and reason. A reason that a close frame cannot hold is shortened.
    pub fn close(&mut self, code: CloseCode, reason: &str, now: Instant) {
        if self.state != State::Open {
            return;
        }
        self.queue_close(code, reason);
        self.begin_closing(State::Closing, code, reason, Side::Us);
        self.answer_due = now.checked_add(self.config.close_within);
    }

    /// Takes note that the peer has closed its side of the line, or that the line was cut.
    pub fn end_of_stream(&mut self) {
        if self.state == State::Open {
            self.begin_closing(State::Closed, CloseCode::ABNORMAL, "", Side::Peer);
            self.give_up();
        } else if self.state == State::Closing {
            self.give_up();
        }
        self.line_over = true;
    }

    /// The peer said close, first or in answer: that makes two (RFC 6455 §7.1.4).
    fn peer_closed(&mut self, code: Option<CloseCode>, reason: &str, now: Instant) {
        let code = code.unwrap_or(CloseCode::NO_STATUS);
        if self.state == State::Open {
            self.queue_close(code, "");
            self.begin_closing(State::Closed, code, reason, Side::Peer);
            self.may_answer = true;
        }
        if let Some(ending) = &mut self.ending {
            ending.clean = true;
        }
        self.state = State::Closed;
        self.stream.clear();
        self.answer_due = now.checked_add(self.config.close_within);
    }

    /// Fails the connection (RFC 6455 §7.1.7): says why, and reads nothing more.
    #[cold]
    fn fail(&mut self, error: ProtocolError) {
        if self.state == State::Open {
            self.queue_close(error.close_code(), error.as_str());
            self.begin_closing(State::Closed, error.close_code(), error.as_str(), Side::Us);
            self.may_answer = true;
        }
        if let Some(ending) = &mut self.ending {
            ending.error = Some(error);
        }
        self.state = State::Closed;
        self.stream.clear();
        self.line_over = true;
    }

    /// Nothing more will come, and nothing that is still to be said would be heard.
    fn give_up(&mut self) {
        self.state = State::Closed;
        self.line_over = true;
        self.may_answer = false;
        self.pending = None;
        self.stream.clear();
    }

    fn begin_closing(&mut self, state: State, code: CloseCode, reason: &str, by: Side) {
        self.state = state;
        let reason = reason.into();
        self.ending = Some(Box::new(Closed { code, reason, clean: false, by, error: None }));
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebSocket")
            .field("role", &self.config.role)
            .field("state", &self.state)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
