//! The WebSocket protocol without sockets: bytes and the time go in, messages come out.
