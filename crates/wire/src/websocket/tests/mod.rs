//! The websocket, told by scripts. `script.rs` says how they read.

#![expect(clippy::disallowed_methods, reason = "tests begin at some time")]

mod closing;
mod compression;
mod memory;
mod messages;
mod pair;
mod round_trip;
mod script;
mod timers;
mod violations;
