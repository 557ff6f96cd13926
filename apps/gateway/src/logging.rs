//! The log: lines on standard error, for people or as JSON.

use crate::config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// Starts the log of the process. A second call does nothing.
pub fn start(log: &Log) {
    let filter = EnvFilter::new(log.filter.as_str());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error says that there is a log already, as in tests.
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
