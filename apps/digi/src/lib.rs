//! DIGI: a one-to-one chat that loses nothing.
//!
//! [`ids`] are how conversations and messages are called outside, and [`settings`] are what the
//! environment says.

pub mod ids;
pub mod settings;
