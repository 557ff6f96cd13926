//! The ids of recent triggers, so that one which comes again is not published again.

#[cfg(test)]
mod tests;

use crate::metrics::Count;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Remembers ids for a time, and not more than so many.
#[derive(Debug)]
pub struct Recent {
    ids: Mutex<Ids>,
    /// Ids that came again.
    pub duplicates: Count,
    /// Ids that were forgotten before their time, since there were too many.
    pub forgotten: Count,
}

#[derive(Debug, Default)]
struct Ids {
    known: HashSet<Arc<str>>,
    /// The same, the oldest first.
    by_age: VecDeque<(Instant, Arc<str>)>,
}

/// How long ids are remembered, and how many of them.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// For how long.
    pub time: Duration,
    /// How many; the oldest goes first.
    pub ids_max: usize,
}

impl Recent {
    /// Remembers nothing yet.
    pub fn new() -> Recent {
        Recent { ids: Mutex::default(), duplicates: Count::default(), forgotten: Count::default() }
    }

    /// Remembers `id`; returns whether that is new.
    pub fn is_new(&self, id: &str, memory: Memory, now: Instant) -> bool {
        let mut ids = self.lock();
        ids.forget_older(now, memory.time);
        if ids.known.contains(id) {
            drop(ids);
            self.duplicates.add();
            return false;
        }
        if memory.ids_max == 0 || memory.time.is_zero() {
            return true;
        }
        while ids.by_age.len() >= memory.ids_max {
            ids.forget_oldest();
            self.forgotten.add();
        }
        let id: Arc<str> = id.into();
        ids.by_age.push_back((now, Arc::clone(&id)));
        ids.known.insert(id);
        true
    }

    /// Returns whether `id` is remembered.
    pub fn knows(&self, id: &str, memory: Memory, now: Instant) -> bool {
        let mut ids = self.lock();
        ids.forget_older(now, memory.time);
        ids.known.contains(id)
    }

    /// Returns how many ids are remembered.
    pub fn len(&self) -> usize {
        self.lock().by_age.len()
    }

    /// Returns whether no id is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Ids> {
        // Nothing in here panics half-way through a change.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Recent {
    fn default() -> Recent {
        Recent::new()
    }
}

impl Ids {
    fn forget_older(&mut self, now: Instant, time: Duration) {
        while self.by_age.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= time)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        const KEPT: usize = 64;
        if let Some((_, id)) = self.by_age.pop_front() {
            self.known.remove(&id);
        }
        if self.by_age.capacity() > 4 * self.by_age.len().max(KEPT) {
            self.by_age.shrink_to(2 * self.by_age.len());
            self.known.shrink_to(2 * self.by_age.len());
        }
    }
}
