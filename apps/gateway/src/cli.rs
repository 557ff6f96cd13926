//! The command line.

mod explain;
mod health;
mod internal;
mod trigger;

use crate::config::{
    BackendUrl, ConfigError, ConfigErrors, Loaded, Place, Sources, default_text, effective_text,
    load,
};
use crate::logging;
use crate::serve::{self, Role};
use crate::spans;
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Holds the WebSockets for an HTTP application and delivers what it triggers.
#[derive(Debug, Parser)]
#[command(name = "campanile", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the clients of a backend.
    Serve(ServeArguments),
    /// Serve with a small backend and a page of its own, to try it out.
    Demo(ServeArguments),
    /// Send one trigger to a running server.
    Trigger(trigger::Arguments),
    /// Say why a user did, or did not, get a trigger.
    Explain(explain::Arguments),
    /// Test a running deployment from outside, through its proxy: upgrade, idle time-out, origin, …
    Doctor(crate::doctor::Arguments),
    /// Say by the status to exit with whether the server is alive and ready, as containers ask.
    Health(health::Arguments),
    /// Measure what the server costs, beside a bare loop that only writes.
    Bench(crate::bench::Arguments),
    /// Say whether the configuration is in order, and what it amounts to.
    CheckConfig(ConfigArguments),
    /// Print a campanile.toml with every setting, its default and its meaning.
    DefaultConfig,
    /// Print the version.
    Version,
}

/// Where the configuration comes from.
#[derive(Debug, Default, Args)]
pub struct ConfigArguments {
    /// The file to read instead of campanile.toml in this directory.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting, over the file and the environment; as often as you like.
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

/// What `serve` and `demo` are told.
#[derive(Debug, Default, Args)]
pub struct ServeArguments {
    /// The backend's URL, such as http://127.0.0.1:8080/api/
    #[arg(long, value_name = "URL")]
    backend: Option<String>,
    /// The address for browsers, such as 127.0.0.1:8000
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The address for triggers and metrics, such as 127.0.0.1:8002
    #[arg(long, value_name = "ADDRESS")]
    internal_listen: Option<String>,
    #[command(flatten)]
    settings: ConfigArguments,
}

/// Does what the command line says, and returns the status to exit with: 0 when it was done, 1 when
/// that failed, 2 when it could not begin.
pub fn run(line: CommandLine) -> ExitCode {
    let done = match line.command {
        Command::Serve(arguments) => arguments
            .load()
            .and_then(|loaded| Ok((backend_url(&loaded)?, loaded)))
            .map_err(begin)
            .and_then(|(url, loaded)| {
                start_logging(&loaded);
                serve(loaded, url)
            }),
        Command::Demo(arguments) => arguments.load().map_err(begin).and_then(|loaded| {
            start_logging(&loaded);
            demo(loaded)
        }),
        Command::Trigger(arguments) => trigger::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Doctor(arguments) => doctor(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Bench(arguments) => {
            crate::bench::run(arguments).map_err(|failure| Failure::of(failure.to_string()))
        }
        Command::CheckConfig(arguments) => check_config(&arguments),
        Command::DefaultConfig => print(&default_text()),
        Command::Version => print(concat!("campanile ", env!("CARGO_PKG_VERSION"), "\n")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { status, message }) if message.is_empty() => ExitCode::from(status),
        Err(failure) => {
            // There is nowhere to complain about a closed standard error.
            let _ = writeln!(std::io::stderr(), "{}", failure.message);
            ExitCode::from(failure.status)
        }
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    fn of(message: impl Into<String>) -> Failure {
        Failure { status: 1, message: message.into() }
    }

    fn usage(message: impl Into<String>) -> Failure {
        Failure { status: 2, message: message.into() }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn begin(errors: ConfigErrors) -> Failure {
    Failure::usage(errors.to_string())
}

fn start_logging(loaded: &Loaded) {
    logging::start(&loaded.config.log);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

/// Returns where the backend is, which `serve` cannot do without.
fn backend_url(loaded: &Loaded) -> Result<BackendUrl, ConfigErrors> {
    loaded.config.backend.url.clone().ok_or_else(|| {
        let message = "there is no backend: name one by --backend http://127.0.0.1:8080/api/, by \
                       [backend] url or by CAMPANILE_BACKEND_URL (or try `campanile demo`)";
        let place = loaded
            .file
            .clone()
            .map_or(Place::Flag("--backend".to_owned()), |file| Place::File(file, 0));
        ConfigErrors(vec![ConfigError { place, message: message.to_owned() }])
    })
}

fn serve(loaded: Loaded, url: BackendUrl) -> Result<(), Failure> {
    // What it has not sent at the end is sent when it is dropped.
    let _sending = spans::start().map_err(Failure::usage)?;
    serve::run(loaded, Role::Backend(url)).map_err(Failure::of)
}

fn demo(loaded: Loaded) -> Result<(), Failure> {
    serve::run(loaded, Role::Demo).map_err(Failure::of)
}

fn doctor(arguments: &crate::doctor::Arguments) -> Result<(), Failure> {
    match crate::doctor::run(arguments, std::io::stdout()) {
        Ok(true) => Ok(()),
        // The report has said it all.
        Ok(false) => Err(Failure::of("")),
        Err(error) => Err(Failure::usage(error)),
    }
}

fn check_config(arguments: &ConfigArguments) -> Result<(), Failure> {
    let loaded = arguments.load().map_err(begin)?;
    serve::check_certificates(&loaded.config).map_err(Failure::usage)?;
    let mut text = String::new();
    for warning in &loaded.warnings {
        text.push_str(&format!("# warning: {warning}\n"));
    }
    match &loaded.file {
        Some(file) => text.push_str(&format!("# ok: {}\n", file.display())),
        None => text.push_str("# ok: no file, so defaults, environment and flags\n"),
    }
    text.push_str(&effective_text(&loaded.config));
    print(&text)
}

/// Prints to standard output; that nobody reads it any more is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::of(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

impl ConfigArguments {
    fn load(&self) -> Result<Loaded, ConfigErrors> {
        load(&self.sources(Vec::new())?)
    }

    /// Joins these to the flags that have a name of their own.
    fn sources(&self, mut flags: Vec<(String, String, String)>) -> Result<Sources, ConfigErrors> {
        for set in &self.set {
            let Some((path, value)) = set.split_once('=') else {
                let message = format!("{set:?} says no value; write public.path=/live/");
                let place = Place::Flag("--set".to_owned());
                return Err(ConfigErrors(vec![ConfigError { place, message }]));
            };
            let path = path.trim();
            flags.push((format!("--set {path}"), path.to_owned(), value.trim().to_owned()));
        }
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Sources { file: self.config.clone(), environment, flags })
    }
}

impl ServeArguments {
    fn load(&self) -> Result<Loaded, ConfigErrors> {
        let named = [
            ("--backend", "backend.url", &self.backend),
            ("--listen", "public.listen", &self.listen),
            ("--internal-listen", "internal.listen", &self.internal_listen),
        ];
        let flags = named.into_iter().filter_map(|(flag, path, value)| {
            Some((flag.to_owned(), path.to_owned(), value.clone()?))
        });
        load(&self.settings.sources(flags.collect())?)
    }
}
