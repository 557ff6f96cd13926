//! A consumer's own address, and what it receives there.

use crate::Message;
use crate::queue::Queue;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// A channel of this process: its name, and the receiving end.
///
/// Dropping it leaves all its groups.
pub struct Channel {
    name: Arc<str>,
    queue: Arc<Queue>,
    home: Arc<dyn Home>,
}

/// Where channels come from and are given back to.
pub(crate) trait Home: Send + Sync {
    /// Takes note that a channel was dropped.
    fn dropped(&self, name: &Arc<str>, queue: &Arc<Queue>);
}

impl Channel {
    pub(crate) fn new(name: Arc<str>, queue: Arc<Queue>, home: Arc<dyn Home>) -> Channel {
        Channel { name, queue, home }
    }

    /// Returns its name, by which everybody can send to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for what comes next.
    ///
    /// It may be dropped at any time, nothing is lost by that. After [`Received::Closed`] it
    /// returns that again.
    pub async fn receive(&mut self) -> Received {
        self.queue.receive().await
    }

    /// Returns what has come, or none.
    pub fn try_receive(&mut self) -> Option<Received> {
        self.queue.try_receive()
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.home.dropped(&self.name, &self.queue);
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.name).finish()
    }
}

/// What a channel receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A message. Its clones share it.
    Message(Message),
    /// Here, something is or may be missing.
    Missed(Missed),
    /// Nothing comes any more: the layer was closed.
    Closed,
}

impl Received {
    /// Says whether nothing comes any more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Received::Closed)
    }
}

/// That something is missing, or may be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Why.
    pub reason: MissedReason,
}

/// Why something is missing, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedReason {
    /// The channel was full when they came.
    Overflow {
        /// How many messages.
        count: u64,
    },
    /// They waited here longer than `expiry`.
    Expired {
        /// How many messages.
        count: u64,
    },
    /// The way to the others was lost for a time. Perhaps nothing is missing.
    Outage {
        /// When it was last known to stand.
        from: SystemTime,
        /// When everything was joined again.
        until: SystemTime,
    },
    /// They could not be read, and may have been for this channel.
    Undecodable {
        /// How many messages.
        count: u64,
    },
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            MissedReason::Overflow { count } => write!(f, "{count} missed: the channel was full"),
            MissedReason::Expired { count } => write!(f, "{count} missed: they waited too long"),
            MissedReason::Outage { from, until } => {
                let outage = until.duration_since(*from).unwrap_or_default();
                write!(f, "events of {outage:.1?} may be missing: the channel layer was lost")
            }
            MissedReason::Undecodable { count } => {
                write!(f, "{count} may be missing: they could not be read")
            }
        }
    }
}
