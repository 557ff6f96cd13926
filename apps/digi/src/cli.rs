//! The command line: the server, and what an administrator does, for scripts.
//!
//! A command works on the database itself, beside servers that run. It says what it did, by `--json` as
//! one object.

// In reading order, which the blank lines keep.

mod serve;

mod warnings;

mod demo;

mod check;

mod user;

mod tools;

use campanile_application::{Failure, Told, logging};
use clap::{Parser, Subcommand};
use serde_json::json;
use std::process::ExitCode;
use tools::Tools;

/// A one-to-one chat that loses nothing.
///
/// Everything is set by environment variables; `digi check` shows them all, with what each is now.
/// Every command but `serve` and `demo` works on the database of DIGI_DATABASE_URL, also beside
/// servers that run, and exits with 0 when it was done, 1 when it failed and 2 when it could not begin.
#[derive(Debug, Parser)]
#[command(name = "digi", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Say what was done as one JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run a server with two people who talk, in a folder of its own, to try it out
    Demo(demo::Arguments),
    /// Make a key for ids, for CHAT_FERNET_KEYS: keep it, since links end with it
    Keygen,
    /// Say what is set and what the database holds; secrets are not shown
    Check,
    /// Show the description of the API (OpenAPI)
    Openapi,
    /// People who log in
    #[command(subcommand)]
    User(user::Command),
    /// Show a user's token for the API, which is made the first time
    Token {
        /// Whose
        name: String,
        /// Take it back: whoever comes with it is refused, and the next is another
        #[arg(long)]
        remove: bool,
    },
}

/// Does what the command line says, and returns the status to exit with.
pub async fn run(line: CommandLine) -> ExitCode {
    let json = line.json;
    let done = match line.command {
        Command::Serve => serve::run().await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Keygen => Ok(keygen()),
        Command::Check => check::run().await,
        Command::Openapi => Ok(openapi()),
        Command::User(command) => with_tools(Of::User(command)).await,
        Command::Token { name, remove } => with_tools(Of::Token(name, remove)).await,
    };
    match done.and_then(|told| told.print(json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print("digi"),
    }
}

/// A command that works on the database.
enum Of {
    User(user::Command),
    Token(String, bool),
}

async fn with_tools(command: Of) -> Result<Told, Failure> {
    logging::start_quietly();
    let tools = Tools::open().await?;
    let done = match command {
        Of::User(command) => user::run(&tools, command).await,
        Of::Token(name, remove) => user::token(&tools, &name, remove).await,
    };
    tools.close().await;
    done
}

fn keygen() -> Told {
    let key = crate::ids::keygen();
    // The key alone, so that a script can take it as it is.
    Told::new(key.clone(), json!({ "key": key }))
}

fn openapi() -> Told {
    let document = crate::api::document();
    let text = document.to_pretty_json().unwrap_or_default();
    Told::new(text, json!(document))
}
