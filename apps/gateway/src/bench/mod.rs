//! `campanile bench`: what the server costs, measured beside a bare `write(2)` loop.
//!
//! Every server that is measured runs as a child process on a core of its own, with a *session*
//! before it: a second child that starts the server, holds the clients' sockets and does the
//! measuring. The orchestrator asks the sessions for one short slice of work after the other,
//! A B A B, so that a machine that slows down for seconds slows all of them, and reports medians
//! and the ratios within one round.

mod affinity;
mod arguments;
mod backend;
mod clients;
mod deliveries;
mod echoes;
mod failure;
mod floor;
mod frames;
mod link;
mod message;
mod modes;
mod openings;
mod orchestrator;
mod plan;
mod proc;
mod publisher;
mod report;
mod server;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod tls;

pub use arguments::Arguments;
pub use failure::Failure;

use arguments::Mode;

/// Runs one benchmark and prints its table, or JSON, to standard output.
///
/// # Errors
///
/// When a server cannot be started, or does not do what it is asked: a benchmark has no result then.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.mode {
        Mode::Fanout(options) => modes::fanout(&options),
        Mode::Idle(options) => modes::idle(&options),
        Mode::Connect(options) => modes::connect(&options),
        Mode::Echo(options) => modes::echo(&options),
        Mode::Growth(options) => modes::growth(&options),
        Mode::All(options) => modes::all(&options),
        Mode::FloorServer { port } => floor::run(port),
        Mode::Session => session::serve(),
    }
}
