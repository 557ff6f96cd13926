//! The campanile binary.

use campanile_gateway::cli;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::CommandLine::parse())
}
