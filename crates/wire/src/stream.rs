//! Frames joined into messages.
