//! The networks to act on, for people, programs and translators.

use campanile_scram::cli::{self, CommandLine};
use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(CommandLine::parse()).await
}
