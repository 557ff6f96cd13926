//! DIGI: a one-to-one chat that loses nothing.
//!
//! [`store`] keeps conversations and their messages, and writes an event with each change; [`ids`] are
//! how both are called outside, and [`settings`] are what the environment says.

pub mod api;
pub mod app;
pub mod cli;
pub mod database;
pub mod entities;
pub mod events;
pub mod frames;
pub mod fuzz;
pub mod ids;
pub mod migrations;
pub mod names;
pub mod pace;
pub mod pages;
pub mod presence;
pub mod publish;
pub mod server;
pub mod settings;
pub mod sockets;
pub mod statistics;
pub mod store;
