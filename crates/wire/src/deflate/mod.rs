//! Compression of messages: permessage-deflate (RFC 7692).
//!
//! [`negotiate`] settles in the opening handshake what both ends keep to, an [`Inflater`] reads
//! what the peer compressed, a [`Deflater`] compresses what is sent, and [`Shared`] lets one
//! compression serve many messages that differ only at their ends.

mod compress;
mod extension;
mod inflate;
pub mod negotiate;
mod parameters;
mod shared;
#[cfg(test)]
mod tests;

pub use compress::Deflater;
pub(crate) use extension::is_token_byte;
pub use inflate::{InflateError, Inflater};
pub use negotiate::{Agreed, ConfirmError, Direction, Settings, accept, confirm, offer};
pub use shared::Shared;

/// What ends every compressed message and is not sent: the length of an empty stored block
/// (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The smallest window that zlib can compress raw DEFLATE for. The RFC has 8, zlib has not.
pub const WINDOW_BITS_MIN: u8 = 9;

/// The largest window, and the one that holds where none was agreed.
pub const WINDOW_BITS_MAX: u8 = 15;
