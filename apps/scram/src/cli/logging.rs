//! The log: lines on standard error.

use crate::settings::{LogFormat, Settings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts the log of a server.
pub(super) fn start(settings: &Settings) {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(&settings.log_filter))
        .with_writer(std::io::stderr)
        // A file or a journal shows colours as rubbish.
        .with_ansi(std::io::stderr().is_terminal());
    // An error says that there is a log already, as in tests.
    let _ = match settings.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// What changes the tables has a line for each change, and the server one for all.
fn filter(wanted: &str) -> EnvFilter {
    EnvFilter::new(format!("sea_orm_migration=warn,{wanted}"))
}

/// Starts the log of a command, which says itself what it does.
pub(super) fn start_quietly() {
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
    let _ = lines.with_writer(std::io::stderr).with_ansi(false).try_init();
}
