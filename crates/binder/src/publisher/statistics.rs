//! What a publisher has counted.

use super::TriggerError;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a publisher has counted so far. A trigger that takes two ways counts twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Those that wait, or are just being told.
    pub waiting: usize,
    /// Those that a gateway or its broker has taken.
    pub told: u64,
    /// Those of the told that nobody listens for: no gateway is on this broker.
    pub unheard: u64,
    /// Those that said the same as one that was waiting still, and became one with it.
    pub merged: u64,
    /// How often one had to be told again.
    pub retries: u64,
    /// Those lost since as many waited as may.
    pub lost_full: u64,
    /// Those lost since they were refused.
    pub lost_refused: u64,
    /// Those lost since no gateway was there for too long.
    pub lost_unavailable: u64,
    /// Those lost since the publisher was closed.
    pub lost_closed: u64,
    /// Those lost since they could not be made JSON.
    pub lost_not_json: u64,
}

impl Statistics {
    /// Returns how many are lost, for whatever reason.
    pub fn lost(&self) -> u64 {
        self.lost_full
            + self.lost_refused
            + self.lost_unavailable
            + self.lost_closed
            + self.lost_not_json
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) told: AtomicU64,
    pub(super) unheard: AtomicU64,
    pub(super) merged: AtomicU64,
    pub(super) retries: AtomicU64,
    full: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    closed: AtomicU64,
    not_json: AtomicU64,
}

impl Counters {
    /// Takes note of one that is lost.
    pub(super) fn lost(&self, why: &TriggerError) {
        let counter = match why {
            TriggerError::Full => &self.full,
            TriggerError::Refused(_) => &self.refused,
            TriggerError::Unavailable(_) => &self.unavailable,
            TriggerError::Closed => &self.closed,
            TriggerError::NotJson(_) => &self.not_json,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_json(&self) {
        self.not_json.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, waiting: usize) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            waiting,
            told: read(&self.told),
            unheard: read(&self.unheard),
            merged: read(&self.merged),
            retries: read(&self.retries),
            lost_full: read(&self.full),
            lost_refused: read(&self.refused),
            lost_unavailable: read(&self.unavailable),
            lost_closed: read(&self.closed),
            lost_not_json: read(&self.not_json),
        }
    }
}
