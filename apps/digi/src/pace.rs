//! How much one user may change in a while, by all of its sockets and requests at this process.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets each user do something so many times in any [`WHILE`].
#[derive(Debug)]
pub struct Pace {
    times_max: usize,
    lately: Mutex<HashMap<i64, VecDeque<Instant>>>,
}

/// The time that counts.
pub const WHILE: Duration = Duration::from_secs(10);

/// How many users are remembered before those are forgotten who have done nothing in a while.
const REMEMBERED: usize = 1000;

impl Pace {
    /// Begins with nobody.
    pub fn new(times_max: u32) -> Pace {
        Pace { times_max: times_max as usize, lately: Mutex::default() }
    }

    /// Counts one time more, or says how long to wait. What is refused does not count.
    ///
    /// # Errors
    ///
    /// The time until one more is allowed.
    pub fn once_more(&self, user: i64) -> Result<(), Duration> {
        self.once_more_at(user, Instant::now())
    }

    fn once_more_at(&self, user: i64, now: Instant) -> Result<(), Duration> {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |time: &Instant| now.saturating_duration_since(*time) >= WHILE;
        if lately.len() >= REMEMBERED && !lately.contains_key(&user) {
            lately.retain(|_, times| times.back().is_some_and(|last| !is_over(last)));
        }
        let times = lately.entry(user).or_default();
        while times.front().is_some_and(is_over) {
            times.pop_front();
        }
        if times.len() < self.times_max {
            times.push_back(now);
            return Ok(());
        }
        let first = times.front().copied().unwrap_or(now);
        Err(WHILE.saturating_sub(now.saturating_duration_since(first)))
    }
}
