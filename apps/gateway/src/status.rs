//! How the server is, as any client that was let in may ask.

use crate::time::Time;
use campanile_manager::Statistics;
use std::fmt;
use std::time::SystemTime;

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
    /// Those that were dropped since their client read too slowly.
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
            messages_dropped: statistics.slow_dropped + statistics.slow_gave_way,
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

#[cfg(test)]
mod tests;
