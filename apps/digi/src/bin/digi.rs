//! A one-to-one chat that loses nothing.

use campanile_digi::cli::{self, CommandLine};
use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(CommandLine::parse()).await
}
