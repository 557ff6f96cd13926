//! The store and the dispatcher on a real SQLite and a real PostgreSQL, and the translator beside a
//! stub of the server and real gobgpds.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod api;
mod commands;
mod dispatch;
mod durable;
mod entries;
mod events;
mod expiry;
mod indexes;
mod lists;
mod pages;
mod server;
mod sockets;
mod stage;
mod together;
mod translator;
mod translator_tokens;
mod world;
