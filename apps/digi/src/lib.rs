//! DIGI: a one-to-one chat that loses nothing.
//!
//! [`ids`] are how conversations and messages are called outside.

pub mod ids;
