//! DIGI: a one-to-one chat that loses nothing.
//!
//! [`store`] keeps conversations and their messages, and writes an event with each change; [`ids`] are
//! how both are called outside, and [`settings`] are what the environment says.

pub mod database;
pub mod entities;
pub mod ids;
pub mod migrations;
pub mod settings;
pub mod store;
