//! How long things took: a histogram, as Prometheus reads it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets, in seconds: from a backend next door to one that is given up.
const BOUNDS_S: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Durations, counted by how long they were.
#[derive(Debug, Default)]
pub struct Durations {
    /// Those up to each bound and over the one before, and at last those over all of them.
    buckets: [AtomicU64; BOUNDS_S.len() + 1],
    sum_us: AtomicU64,
}

impl Durations {
    /// Counts one.
    pub fn add(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BOUNDS_S.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS_S.len());
        self.buckets[bucket].fetch_add(1, Relaxed);
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// Calls `visit` with each bound, as a text, and how many were not longer; returns how many there
    /// were and their sum in seconds.
    pub(super) fn read(&self, mut visit: impl FnMut(String, u64)) -> (u64, f64) {
        let mut count = 0;
        let bounds = BOUNDS_S.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, bucket) in bounds.zip(&self.buckets) {
            count += bucket.load(Relaxed);
            visit(bound, count);
        }
        let sum = Duration::from_micros(self.sum_us.load(Relaxed)).as_secs_f64();
        (count, sum)
    }
}
