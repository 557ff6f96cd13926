//! What clients are told when the broker is lost: that something may be missing, and from when to
//! when.

use super::arrivals::PAUSE;
use crate::command::Command;
use crate::config::Unaware;
use crate::explain::{self, Moment};
use crate::serve::Shared;
use crate::time::Time;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A time in which what was published may not have been heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When it began, at the earliest.
    pub from: SystemTime,
    /// When it was over; none: it is not.
    pub until: Option<SystemTime>,
}

/// The gap that is not over yet, if there is one: whoever subscribes is told of it.
#[derive(Debug, Default)]
pub struct OpenGap {
    is_open: AtomicBool,
    gap: Mutex<Option<Gap>>,
}

/// In how many steps, and how far apart, the connections of clients are closed that know no gaps.
const PARTS: u32 = 50;
const STEP: Duration = Duration::from_millis(100);

impl fmt::Display for Gap {
    /// Writes the message to a client of `campanile.v1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{\"type\": \"gap\", \"reason\": \"broker\", \"from\": \"{}Z\", \"until\": ",
            Time(self.from)
        )?;
        match self.until {
            Some(until) => write!(f, "\"{}Z\"}}", Time(until)),
            None => f.write_str("null}"),
        }
    }
}

impl OpenGap {
    /// Returns the gap, if there is one.
    pub fn get(&self) -> Option<Gap> {
        self.is_open.load(Relaxed).then(|| *self.lock()).flatten()
    }

    fn set(&self, gap: Option<Gap>) {
        *self.lock() = gap;
        self.is_open.store(gap.is_some(), Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Gap>> {
        self.gap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The broker was lost: from `since` on, nothing may have been heard.
pub(super) async fn begin(shared: &Shared, since: SystemTime, why: &str) {
    tracing::warn!("the broker is lost, and triggers are refused until it is back: {why}");
    let gap = Gap { from: since, until: None };
    shared.settings.gap.set(Some(gap));
    let from = Moment::of(since);
    shared.settings.ledger.gap(explain::Gap { from, until: None, lost: true });
    tell(shared, gap).await;
}

/// The broker is back; what was published meanwhile is `lost`, or came late.
pub(super) async fn end(shared: &Arc<Shared>, lost: bool, from: SystemTime, until: SystemTime) {
    if let Some(interest) = &shared.settings.interest {
        interest.broker_is_back();
    }
    if shared.settings.gap.get().is_none() {
        // It was reached at once.
        return;
    }
    shared.settings.gap.set(None);
    let (began, ended) = (Moment::of(from), Some(Moment::of(until)));
    shared.settings.ledger.gap(explain::Gap { from: began, until: ended, lost });
    let took = until.duration_since(from).unwrap_or_default().as_secs_f64();
    if lost {
        tracing::warn!("the broker is back: what was triggered in {took:.1} s may be missing");
    } else {
        tracing::info!("the broker is back after {took:.1} s, and nothing is missing");
    }
    tell(shared, Gap { from, until: Some(until) }).await;
    if lost && shared.config().broker.unaware == Unaware::Close {
        tokio::spawn(close_unaware(Arc::clone(shared)));
    }
}

/// Has every loop tell its clients.
async fn tell(shared: &Shared, gap: Gap) {
    for index in 0..shared.handle.loops() {
        insist(shared, index, || Command::Gap(gap)).await;
    }
}

/// Commands a loop. One that is behind is waited for: no client may be left without a word.
async fn insist(shared: &Shared, index: usize, command: impl Fn() -> Command) {
    while shared.handle.command_loop(index, command()).is_err() && !shared.is_stopping() {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Closes the connections of clients that have no word for a gap: when they come back, they know.
async fn close_unaware(shared: Arc<Shared>) {
    for part in 0..PARTS {
        for index in 0..shared.handle.loops() {
            insist(&shared, index, || Command::CloseUnaware { part, parts: PARTS }).await;
        }
        tokio::time::sleep(STEP).await;
    }
}
