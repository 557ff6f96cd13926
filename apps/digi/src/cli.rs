//! The command line.

mod serve;

mod user;

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::process::ExitCode;

/// A one-to-one chat that loses nothing.
#[derive(Debug, Parser)]
#[command(name = "digi", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Make a key for ids: CHAT_FERNET_KEYS
    Keygen,
    /// People who log in
    #[command(subcommand)]
    User(user::Command),
}

/// Does what the command line says, and returns the status to exit with.
pub async fn run(line: CommandLine) -> ExitCode {
    let done = match line.command {
        Command::Serve => serve::run().await,
        Command::Keygen => {
            Ok(writeln!(std::io::stdout(), "{}", crate::ids::keygen()).unwrap_or_default())
        }
        Command::User(command) => user::run(command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "digi: {message}");
            ExitCode::FAILURE
        }
    }
}
