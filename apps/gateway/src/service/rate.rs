//! How often a client may speak.

use std::time::Duration;

/// How many messages a client may send for long, and at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Between two messages, in nanoseconds; 0 for no limit.
    pub(super) interval: u64,
    /// How far a client may be ahead of that.
    pub(super) ahead_max: u64,
}

/// How far a client is ahead of its rate: the moment, in nanoseconds, at which it will not be.
///
/// This is a bucket of tokens in eight bytes (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace(u64);

impl Rate {
    /// Allows `messages_per_s`, or any number if there is none, and `burst` at once.
    pub fn new(messages_per_s: Option<usize>, burst: usize) -> Rate {
        let interval = messages_per_s.map_or(0, |rate| 1_000_000_000 / rate.max(1) as u64);
        Rate { interval, ahead_max: interval.saturating_mul(burst as u64) }
    }
}

impl Pace {
    /// Counts a message; returns whether it was within the rate.
    pub(super) fn keeps(&mut self, rate: &Rate, now: Duration) -> bool {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let next = self.0.max(now).saturating_add(rate.interval);
        let keeps = next - now <= rate.ahead_max;
        if keeps {
            self.0 = next;
        }
        keeps
    }
}
