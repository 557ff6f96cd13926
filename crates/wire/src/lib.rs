//! The WebSocket protocol without sockets: bytes and the time go in, messages come out.
//!
//! [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455) and, for compression,
//! [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692), for both ends of a line. Nothing in this
//! crate owns a socket, reads a clock, starts a thread or writes a log. Its layers, from the bytes
//! up, each asking the one below:
//!
//! | module | turns |
//! | --- | --- |
//! | [`frame`] | bytes into headers, and lengths into headers to send |
//! | [`error`] | what a peer did wrong into a close code and a reason |
//! | [`mask`] | masked payload into payload, in place |
//! | [`utf8`] | pieces of text into text, refusing it at the first wrong byte |
//! | [`stream`] | frames into messages, with control frames let through between fragments |
//! | [`websocket`] | messages into the life of a connection: pings, closing, deadlines |
//! | [`close`] | a close frame's payload into a code and a reason |
//! | [`deflate`] | payloads into smaller payloads |
//! | [`handshake`] | an HTTP request into a WebSocket |
//!
//! Whoever reads one function should read [`Received::next`].

// In reading order, which the blank lines keep.

pub mod frame;

pub mod error;

pub mod mask;

pub mod utf8;

pub mod stream;

pub mod websocket;

pub mod close;

pub mod deflate;

pub mod handshake;

#[doc(hidden)]
pub mod fuzz;

pub use close::CloseCode;
pub use error::ProtocolError;
pub use frame::{Head, OpCode, Role};
pub use websocket::{
    Closed, Config, Event, Kind, MaskKeys, Overdue, Received, Scratch, SendError, Side, State,
    WebSocket,
};
