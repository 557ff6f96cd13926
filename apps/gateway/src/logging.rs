//! The log: lines on standard error, for people or as JSON.

use crate::config::{Log, LogFilter, LogFormat};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

/// Sets the filter of the log, once it was started.
static SET: OnceLock<Box<dyn Fn(EnvFilter) + Send + Sync>> = OnceLock::new();

/// Starts the log of the process. A second call does nothing.
pub fn start(log: &Log) {
    let filter = EnvFilter::new(log.filter.as_str());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A file or a journal shows colours as rubbish.
    let is_plain = !std::io::stderr().is_terminal();
    let lines = if is_plain { lines.with_ansi(false) } else { lines };
    // An error says that there is a log already, as in tests.
    let _ = match log.format {
        LogFormat::Text => {
            let lines = lines.with_filter_reloading();
            let handle = lines.reload_handle();
            let _ = SET.set(Box::new(move |filter| drop(handle.reload(filter))));
            lines.try_init()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_filter_reloading();
            let handle = lines.reload_handle();
            let _ = SET.set(Box::new(move |filter| drop(handle.reload(filter))));
            lines.try_init()
        }
    };
}

/// Writes other lines from now on.
pub fn set_filter(filter: &LogFilter) {
    if let Some(set) = SET.get() {
        set(EnvFilter::new(filter.as_str()));
    }
}
