//! permessage-deflate (RFC 7692).

/// What both ends agreed about compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The server's compressor forgets after each message.
    pub server_no_context_takeover: bool,
    /// The client's compressor forgets after each message.
    pub client_no_context_takeover: bool,
    /// The server's window is two to the power of this.
    pub server_max_window_bits: u8,
    /// The client's window is two to the power of this.
    pub client_max_window_bits: u8,
}
