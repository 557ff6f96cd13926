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
//! | [`mask`] | masked payload into payload, in place |
//! | [`utf8`] | pieces of text into text, refusing it at the first wrong byte |
//! | [`stream`] | frames into messages, with control frames let through between fragments |
//! | [`websocket`] | messages into the life of a connection: pings, the closing handshake, deadlines |
//! | [`close`] | a close frame's payload into a code and a reason |
//! | [`deflate`] | payloads into smaller payloads |
//! | [`handshake`] | an HTTP request into a WebSocket |
//!
//! Whoever reads one function should read [`websocket::Received::next`].

pub mod close;
pub mod deflate;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod stream;
pub mod utf8;
pub mod websocket;

pub use close::CloseCode;
pub use frame::{Head, OpCode, ProtocolError, Role};
pub use websocket::{
    Closed, Config, Event, Kind, Received, Scratch, SendError, Side, State, WebSocket,
};
