//! How the server is, as any client that was let in may ask.

use campanile_manager::Statistics;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The numbers of the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Connections that were let in and are open.
    pub open_connections: u64,
    /// Rooms with a subscription; one that several loops have is counted once for each.
    pub num_rooms: u64,
    /// When the process began.
    pub online_since: SystemTime,
    /// Publications accepted, whichever way they came.
    pub publications: u64,
    /// Messages of clients.
    pub messages_received: u64,
    /// Deliveries and replies.
    pub messages_sent: u64,
    /// Those that were dropped with a connection that was too slow.
    pub messages_dropped: u64,
    /// Those that wait for slow connections now.
    pub messages_waiting: u64,
}

impl Status {
    /// Puts together what the loops have counted and what they do not know.
    pub fn new(
        statistics: &Statistics,
        loops: usize,
        open_connections: u64,
        online_since: SystemTime,
    ) -> Status {
        Status {
            open_connections,
            num_rooms: statistics.rooms,
            online_since,
            // Each loop counts each publication; while one is behind, the quotient is rounded up.
            publications: statistics.publications.div_ceil(loops.max(1) as u64),
            messages_received: statistics.messages_received,
            messages_sent: statistics.messages_sent + statistics.deliveries,
            messages_dropped: statistics.slow_dropped,
            messages_waiting: statistics.frames_waiting,
        }
    }
}

impl fmt::Display for Status {
    /// Writes the members of the reply, without the braces around them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"open_connections\": {}, \"num_rooms\": {}, \"online_since\": \"{}\", \
             \"rabbitmq_messages_received\": {}, \"ws_messages_received\": {}, \
             \"ws_messages_send\": {}, \"ws_messages_send_error\": {}, \
             \"ws_messages_send_queued\": {}",
            self.open_connections,
            self.num_rooms,
            Time(self.online_since),
            self.publications,
            self.messages_received,
            self.messages_sent,
            self.messages_dropped,
            self.messages_waiting,
        )
    }
}

/// A time in UTC in ISO 8601, with microseconds and without a zone.
///
/// The original gave local time. In the containers that it runs in that is UTC, and finding the
/// local zone takes either a table of zones or a function that no thread may call while another
/// changes the environment.
struct Time(SystemTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let micros = since.subsec_micros();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}")
    }
}

/// Returns year, month and day of the day that is so many days after 1970-01-01.
///
/// Years begin in March here, so that the leap day comes last, and eras of 400 years have one
/// length; month lengths from March on repeat as 31 30 31 30 31, 153 days for five.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
