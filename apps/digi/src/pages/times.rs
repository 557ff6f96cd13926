//! Times as pages have them before a module writes them by the reader's clock.

use chrono::{DateTime, Utc};

/// Returns the time of day.
pub(super) fn clock(time: &str) -> String {
    written(time, "%H:%M")
}

/// Returns the day.
pub(super) fn day(time: &str) -> String {
    written(time, "%A %-d %B")
}

/// Returns the day and the time of day.
pub(super) fn whole(time: &str) -> String {
    written(time, "%-d %B %Y, %H:%M UTC")
}

/// Writes a time that [`shown_time`](crate::frames::shown_time) has written.
fn written(time: &str, format: &str) -> String {
    let time = DateTime::parse_from_rfc3339(time);
    time.map(|time| time.with_timezone(&Utc).format(format).to_string()).unwrap_or_default()
}
