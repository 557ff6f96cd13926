//! The log: lines on standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts the log of a server: which lines (`info`, or `target=level,…`), and whether each is an object
/// of JSON rather than text.
pub fn start(wanted: &str, is_json: bool) {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(wanted))
        .with_writer(std::io::stderr)
        // A file or a journal shows colours as rubbish.
        .with_ansi(std::io::stderr().is_terminal());
    // An error says that there is a log already, as in tests.
    let _ = match is_json {
        false => lines.try_init(),
        true => lines.json().flatten_event(true).try_init(),
    };
}

/// What changes the tables has a line for each change, and the server one for all.
fn filter(wanted: &str) -> EnvFilter {
    EnvFilter::new(format!("sea_orm_migration=warn,{wanted}"))
}

/// Starts the log of a command, which says itself what it does.
pub fn start_quietly() {
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
    let _ = lines.with_writer(std::io::stderr).with_ansi(false).try_init();
}

/// Says whether this is a filter of a log: `info`, or `target=level,…`.
pub fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}
