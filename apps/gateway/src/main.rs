//! The campanile binary.

use campanile_gateway::cli;
use clap::Parser;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Gives back what a burst of openings took, and is quicker at it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run(cli::CommandLine::parse())
}
