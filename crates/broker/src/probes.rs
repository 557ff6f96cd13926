//! Probes that a node publishes to itself: what proves that the whole way to the broker and back
//! is alive.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The probes of one connection.
pub(crate) struct Probes {
    silence: Duration,
    next: u64,
    /// Those on their way, the oldest first.
    sent: VecDeque<Sent>,
    /// When the latest that came back was sent.
    heard: Option<SystemTime>,
    /// Until when the node itself kept the broker from sending.
    held_back: Option<Instant>,
}

struct Sent {
    number: u64,
    at: Instant,
    time: SystemTime,
}

impl Probes {
    pub(crate) fn new(silence: Duration) -> Probes {
        Probes { silence, next: 1, sent: VecDeque::new(), heard: None, held_back: None }
    }

    /// Returns the number of a probe that is sent now.
    pub(crate) fn send(&mut self, now: Instant, time: SystemTime) -> u64 {
        let number = self.next;
        self.next += 1;
        self.sent.push_back(Sent { number, at: now, time });
        number
    }

    /// Takes note that a probe came back, and so all before it, as the way keeps the order.
    /// Returns false if it is none that is on its way.
    pub(crate) fn back(&mut self, number: u64) -> bool {
        let Some(place) = self.sent.iter().position(|sent| sent.number == number) else {
            return false;
        };
        self.heard = self.sent.drain(..=place).next_back().map(|sent| sent.time);
        true
    }

    /// Takes note that up to now nothing could come back, by the node's own doing.
    pub(crate) fn hold_back(&mut self, now: Instant) {
        self.held_back = Some(now);
    }

    /// Returns when the connection counts as silent, unless a probe comes back before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let oldest = self.sent.front()?;
        let patience_from = self.held_back.map_or(oldest.at, |until| until.max(oldest.at));
        Some(patience_from + self.silence)
    }

    /// Returns when the latest that came back was sent: up to then nothing is missing.
    pub(crate) fn heard(&self) -> Option<SystemTime> {
        self.heard
    }
}
