//! The opening handshake (RFC 6455 §4), for both ends.
//!
//! A server whose HTTP is read by somebody else makes an [`Upgrade`] from the request's parts and
//! sends what its [`Answer`] says. One that holds only the bytes has a [`ServerHandshake`], and a
//! client a [`ClientHandshake`]: bytes go in as they come, in any pieces, and none is looked at
//! twice until the head is whole.
//!
//! ```
//! use campanile_wire::handshake::{Limits, ServerHandshake};
//!
//! let request = b"GET /ws/ HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
//!     Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
//! let mut handshake = ServerHandshake::new(&Limits::default());
//! let (head, leftover) = handshake.receive(request)?.expect("the head is whole");
//! assert_eq!((head.target(), leftover), ("/ws/", &b""[..]));
//!
//! let mut response = Vec::new();
//! head.upgrade()?.answer(&["chat"], None).append(&mut response);
//! assert!(response.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok::<(), campanile_wire::handshake::Refusal>(())
//! ```

mod answer;
mod client;
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod key;
mod list;
mod refusal;
mod request;
mod response;
mod server;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use client::{ClientHandshake, ClientRequest, InvalidRequest};
pub use head::Limits;
pub use key::accept_key;
pub use refusal::Refusal;
pub use request::Upgrade;
pub use response::{Accepted, HandshakeError};
pub use server::{RequestHead, ServerHandshake};
