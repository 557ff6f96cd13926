//! When which connection is to be looked after.

use super::Inner;
use crate::command::Command;
use campanile_manager::ConnectionKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Alarms that ring in one go.
const RINGS_MAX: usize = 1024;
/// How long to wait for a loop that is too far behind to hear its alarms.
const PAUSE: Duration = Duration::from_millis(100);

/// The alarms, by their time and number.
#[derive(Default)]
pub(super) struct Timetable {
    alarms: Mutex<Alarms>,
    /// Another alarm is the first now.
    changed: Notify,
}

#[derive(Default)]
struct Alarms {
    by_time: BTreeMap<(Instant, u64), ConnectionKey>,
    set: u64,
}

/// An alarm that is set; dropped, it does not ring.
pub struct Alarm {
    of: Arc<Inner>,
    at: Instant,
    number: u64,
}

impl Alarm {
    /// Returns for when it is set.
    pub fn at(&self) -> Instant {
        self.at
    }
}

pub(super) fn set(inner: &Arc<Inner>, key: ConnectionKey, at: Instant) -> Alarm {
    let timetable = &inner.timetable;
    let mut alarms = timetable.lock();
    let number = alarms.set;
    alarms.set += 1;
    alarms.by_time.insert((at, number), key);
    let is_first = alarms.by_time.first_key_value().is_some_and(|(&(_, first), _)| first == number);
    drop(alarms);
    if is_first {
        timetable.changed.notify_one();
    }
    Alarm { of: Arc::clone(inner), at, number }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.of.timetable.lock().by_time.remove(&(self.at, self.number));
    }
}

/// Rings the alarms, for as long as the process runs.
pub(super) async fn run(inner: Arc<Inner>) {
    loop {
        let Some(first) = inner.timetable.first() else {
            inner.timetable.changed.notified().await;
            continue;
        };
        if first > Instant::now() {
            let until = tokio::time::sleep_until(first.into());
            tokio::select! {
                () = until => {}
                () = inner.timetable.changed.notified() => {}
            }
            continue;
        }
        if inner.ring_due() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Inner {
    /// Rings what is due; returns whether every loop heard it.
    fn ring_due(&self) -> bool {
        let now = Instant::now();
        let mut all_heard = true;
        for _ in 0..RINGS_MAX {
            let Some(((at, number), key)) = self.timetable.take(now) else { break };
            if self.handle.command(key, Command::Ring { key, at }).is_err() {
                // One that is dropped meanwhile rings unheard.
                self.timetable.lock().by_time.insert((at, number), key);
                all_heard = false;
                break;
            }
        }
        all_heard
    }
}

impl Timetable {
    fn first(&self) -> Option<Instant> {
        self.lock().by_time.first_key_value().map(|(&(at, _), _)| at)
    }

    fn take(&self, now: Instant) -> Option<((Instant, u64), ConnectionKey)> {
        let mut alarms = self.lock();
        let entry = alarms.by_time.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove_entry())
    }

    fn lock(&self) -> MutexGuard<'_, Alarms> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
