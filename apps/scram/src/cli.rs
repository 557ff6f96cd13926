//! The command line: the server, and all that an administrator does on pages, for scripts.
//!
//! A command works on the database itself, beside servers that run: they hear of what changes as
//! they hear of other instances' changes. It says what it did, by `--json` as one object.

// In reading order, which the blank lines keep.

mod serve;

mod warnings;

mod demo;

mod check;

mod user;

mod token;

mod client;

mod action_type;

mod template;

mod ignore;

mod translator_token;

mod entry;

mod import;

mod export;

mod record;

mod tools;

mod nearest;

mod time;

use campanile_application::{self as told, logging};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use told::{Failure, Told};
use tools::Tools;

/// The networks to act on, for people, programs and translators.
///
/// Everything is set by environment variables; `scram check` shows them all, with what each is now.
/// Every command but `serve` and `demo` works on the database of SCRAM_DATABASE_URL, also beside
/// servers that run, and exits with 0 when it was done, 1 when it failed and 2 when it could not begin.
#[derive(Debug, Parser)]
#[command(name = "scram", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Say what was done as one JSON object
    #[arg(long, global = true)]
    json: bool,
    /// The administrator's name in histories, if not that of the operating system's user
    #[arg(long, global = true, value_name = "NAME")]
    author: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run a server with a translator that only remembers, in a folder of its own, to try it out
    Demo(demo::Arguments),
    /// Say what is set and what the database holds; secrets are not shown
    Check,
    /// People who log in
    #[command(subcommand)]
    User(user::Command),
    /// Show a user's token for the API, which is made the first time
    Token(token::Arguments),
    /// Programs that add entries by a UUID
    #[command(subcommand)]
    Client(client::Command),
    /// What can be done about a network
    #[command(subcommand)]
    ActionType(action_type::Command),
    /// What translators are told
    #[command(subcommand)]
    Template(template::Command),
    /// Networks that must never be acted on
    #[command(subcommand)]
    Ignore(ignore::Command),
    /// Make a token for a translator of these action types; it is shown once
    TranslatorToken(translator_token::Arguments),
    /// Networks that are acted on
    #[command(subcommand)]
    Entry(entry::Command),
    /// Add many entries: a CSV file with a header, or JSON
    Import(import::Arguments),
    /// Write all entries to standard output, as `import` reads them
    Export(export::Arguments),
}

/// Does what the command line says, and returns the status to exit with.
pub async fn run(line: CommandLine) -> ExitCode {
    let json = line.json;
    let done = match line.command {
        Command::Serve => serve::run().await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Check => check::run().await,
        command => with_tools(command, line.author).await,
    };
    match done.and_then(|told| told.print(json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print("scram"),
    }
}

async fn with_tools(command: Command, author: Option<String>) -> Result<Told, Failure> {
    logging::start_quietly();
    let tools = Tools::open(author).await?;
    let done = match command {
        Command::User(command) => user::run(&tools, command).await,
        Command::Token(arguments) => token::run(&tools, &arguments).await,
        Command::Client(command) => client::run(&tools, command).await,
        Command::ActionType(command) => action_type::run(&tools, command).await,
        Command::Template(command) => template::run(&tools, command).await,
        Command::Ignore(command) => ignore::run(&tools, command).await,
        Command::TranslatorToken(arguments) => translator_token::run(&tools, arguments).await,
        Command::Entry(command) => entry::run(&tools, command).await,
        Command::Import(arguments) => import::run(&tools, &arguments).await,
        Command::Export(arguments) => export::run(&tools, &arguments).await,
        Command::Serve | Command::Demo(_) | Command::Check => unreachable!("they need no tools"),
    };
    tools.close().await;
    done
}
