//! The project's own chores: `cargo xtask COMMAND`.
#![expect(clippy::print_stdout, reason = "a chore answers on the terminal")]

mod autobahn;
mod bench;
mod ci;
mod deb;
mod fuzz;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask COMMAND

  ci                     everything that must pass before a change lands: runs ./test
  tidy                   the rules of the house that no compiler knows
  bench [ARGUMENT…]      campanile bench in release, with its floor beside it
  deb [ARGUMENT…]        the Debian package, by cargo-deb
  fuzz [TARGET…] [--seconds N]
                         each fuzz target (or those named) for N seconds, 300 by default
  autobahn [--quick] [--server|--client] [--python PATH] [--against HOST:PORT]
                         the Autobahn cases against the manager's echo server, then against wire's client";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.split_first() {
        Some((&"ci", rest)) => ci::run(rest),
        Some((&"tidy", [])) => tidy::run(),
        Some((&"bench", rest)) => bench::run(rest),
        Some((&"deb", rest)) => deb::run(rest),
        Some((&"fuzz", rest)) => fuzz::run(rest),
        Some((&"autobahn", rest)) => autobahn::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the workspace").to_owned()
}

/// Returns a command that runs in the folder of the workspace.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Returns the cargo that started this program.
fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command to its end.
///
/// # Errors
///
/// It could not be started, or did not succeed: says which command and how it ended.
fn finish(mut command: Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} could not be started: {error}")),
    }
}
