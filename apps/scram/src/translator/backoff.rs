//! How long to wait before trying again: longer each time, and never in step with others.

use std::time::Duration;

/// The waits between attempts that fail.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    failures: u32,
}

/// The longest wait.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

impl Backoff {
    /// Begins with about `first`, and doubles it up to [`WAIT_MAX`].
    pub fn new(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// Returns the next wait: half of it at least, the rest by chance.
    pub fn next_wait(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let wait = doubled.min(WAIT_MAX);
        wait / 2 + wait.mul_f64(chance() / 2.0)
    }

    /// Begins again: an attempt succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Returns a number from 0 to 1. Without the system's randomness translators may be in step: no harm.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_ne_bytes(bytes)) / f64::from(u16::MAX)
}
