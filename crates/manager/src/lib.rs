//! The event loops that own the sockets, and drive wire and hub.
