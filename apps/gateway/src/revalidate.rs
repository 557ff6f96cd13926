//! Asking the backend again what connections may hear: by wish, when its answer is too old, or every so
//! often.
//!
//! Loops put the questions and do what is answered; the asking is done here, on the threads for HTTP.
//! A connection that ends takes its question and its alarm away, so there are never more of them than
//! connections.

mod ask;
mod timetable;
mod wishes;

pub use ask::{Answer, Renewed, Ticket};
pub use timetable::Alarm;

use crate::backend::{Backend, Forwarded};
use crate::config;
use crate::metrics::Count;
use crate::names::Names;
use crate::serve::Seldom;
use crate::service::Gateway;
use ask::Questions;
use campanile_hub::{Permissions, PermissionsPool};
use campanile_manager::{ConnectionKey, Handle};
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use timetable::Timetable;

/// Longest time between two questions for a connection while the backend fails.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// What asks again; clones are the same one.
#[derive(Clone)]
pub struct Revalidation(Arc<Inner>);

/// What the parts of it share.
pub struct Inner {
    /// What became of the questions.
    pub counters: Counters,
    backend: Backend,
    pool: Arc<PermissionsPool>,
    handle: Handle<Gateway>,
    names: Names,
    runtime: tokio::runtime::Handle,
    questions: Questions,
    timetable: Timetable,
    every: Option<Duration>,
    patience: Duration,
    at_once_max: usize,
    stale: AtomicUsize,
    seldom: Seldom,
    seed: RandomState,
    drawn: AtomicU64,
}

/// What became of the questions, counted.
#[derive(Debug, Default)]
pub struct Counters {
    /// The same rooms as before.
    pub unchanged: Count,
    /// Other rooms.
    pub changed: Count,
    /// The backend says no: the connection was closed.
    pub refused: Count,
    /// The backend says that it is somebody else's: the connection was closed.
    pub other_user: Count,
    /// No answer that could be read.
    pub failed: Count,
    /// Connections closed since the backend could not be asked within `stale_s`.
    pub expired: Count,
    /// Wishes for connections that were being asked for: once more after that.
    pub merged: Count,
    /// Wishes for connections whose headers are not remembered.
    pub not_remembered: Count,
    /// Answers that a loop was too far behind to take.
    pub undelivered: Count,
}

/// A connection that keeps its old rights since the backend fails; counted until dropped.
pub struct Stale(Arc<Inner>);

impl Revalidation {
    /// Begins. Call it within a tokio runtime.
    pub fn start(
        config: &config::Backend,
        backend: Backend,
        pool: Arc<PermissionsPool>,
        handle: Handle<Gateway>,
        names: Names,
    ) -> Revalidation {
        let inner = Arc::new(Inner {
            counters: Counters::default(),
            backend,
            pool,
            handle,
            names,
            runtime: tokio::runtime::Handle::current(),
            questions: Questions::default(),
            timetable: Timetable::default(),
            every: config.revalidate_every,
            patience: config.stale,
            at_once_max: config.revalidations_max.min(config.bootstraps_max),
            stale: AtomicUsize::new(0),
            seldom: Seldom::new(),
            seed: RandomState::new(),
            drawn: AtomicU64::new(0),
        });
        tokio::spawn(timetable::run(Arc::clone(&inner)));
        Revalidation(inner)
    }

    /// Puts the question what a connection that has these permissions may hear. Its loop gets the
    /// answer, unless the ticket is dropped before.
    pub fn ask(
        &self,
        key: ConnectionKey,
        forwarded: &Forwarded,
        permissions: &Arc<Permissions>,
    ) -> Ticket {
        ask::ask(&self.0, key, forwarded.clone(), Arc::clone(permissions))
    }

    /// Sets an alarm for a connection. Its loop hears it, unless it is dropped before.
    pub fn alarm(&self, key: ConnectionKey, at: Instant) -> Alarm {
        timetable::set(&self.0, key, at)
    }

    /// Returns when a connection is to be asked for again: before the time is over for which the
    /// backend's answer holds, and not with all others at once. None for never.
    pub fn next_time(&self, rooms_ttl: Option<Duration>) -> Option<Instant> {
        let after = rooms_ttl.or(self.every)?;
        Instant::now().checked_add(after.mul_f64(self.draw(0.8, 1.0)))
    }

    /// Returns how long to wait after so many failures.
    pub fn back_off(&self, failures: u32) -> Duration {
        let doubled = Duration::from_millis(500).saturating_mul(1 << failures.min(16));
        doubled.min(BACK_OFF_MAX).mul_f64(self.draw(0.5, 1.0))
    }

    /// Returns how long old rights are kept that cannot be renewed.
    pub fn patience(&self) -> Duration {
        self.0.patience
    }

    /// Counts a connection among those that keep old rights.
    pub fn stale(&self) -> Stale {
        self.0.stale.fetch_add(1, Relaxed);
        Stale(Arc::clone(&self.0))
    }

    /// Returns how many connections keep old rights since the backend fails.
    pub fn stale_connections(&self) -> usize {
        self.0.stale.load(Relaxed)
    }

    /// Returns how many questions are being asked, and how many wait for their turn.
    pub fn in_flight(&self) -> (usize, usize) {
        self.0.questions.in_flight()
    }

    /// Returns a number between two, each time another.
    fn draw(&self, from: f64, to: f64) -> f64 {
        let bits = self.0.seed.hash_one(self.0.drawn.fetch_add(1, Relaxed)) as u32;
        from + (to - from) * f64::from(bits) / f64::from(u32::MAX)
    }
}

impl Deref for Revalidation {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Counters {
    /// Returns each outcome by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("unchanged", &self.unchanged),
            ("changed", &self.changed),
            ("refused", &self.refused),
            ("other_user", &self.other_user),
            ("failed", &self.failed),
            ("expired", &self.expired),
            ("merged", &self.merged),
            ("not_remembered", &self.not_remembered),
            ("undelivered", &self.undelivered),
        ]
        .map(|(outcome, count)| (outcome, count.get()))
        .into_iter()
    }
}

impl Drop for Stale {
    fn drop(&mut self) {
        self.0.stale.fetch_sub(1, Relaxed);
    }
}
