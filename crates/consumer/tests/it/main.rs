//! Consumers, by communicators and by real sockets.

mod sockets;
