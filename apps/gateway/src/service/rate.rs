//! How often a client may speak.

use crate::config::Limits;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
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

/// A rate that may be set anew while loops read it.
#[derive(Debug)]
pub struct LiveRate {
    interval: AtomicU64,
    ahead_max: AtomicU64,
}

impl LiveRate {
    /// Takes the rate out of the configuration.
    pub fn of(limits: &Limits) -> LiveRate {
        let rate = LiveRate { interval: AtomicU64::new(0), ahead_max: AtomicU64::new(0) };
        rate.set(Rate::new(limits.messages_per_s, limits.messages_burst));
        rate
    }

    /// Sets the rate. A message that comes at this very moment may be measured by half of each.
    pub fn set(&self, rate: Rate) {
        self.interval.store(rate.interval, Relaxed);
        self.ahead_max.store(rate.ahead_max, Relaxed);
    }

    /// Returns the rate.
    pub(super) fn get(&self) -> Rate {
        Rate { interval: self.interval.load(Relaxed), ahead_max: self.ahead_max.load(Relaxed) }
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
