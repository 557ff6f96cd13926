//! Triggers that wait to be told, in order.

use super::TriggerError;
use super::statistics::Counters;
use crate::Trigger;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::{Notify, oneshot};

/// As many as may wait on one way.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    triggers_max: usize,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Whether one is just being told.
    is_telling: bool,
    is_closed: bool,
    /// Whether the last loss was for want of room, so that one line of the log says it of all.
    was_full: bool,
}

/// A trigger that is to be told.
pub(super) struct Job {
    pub(super) trigger: Arc<Trigger>,
    pub(super) since: Instant,
    asked_by: Option<Asker>,
}

/// Somebody who waits for the outcome.
struct Asker {
    answer: oneshot::Sender<Result<(), TriggerError>>,
    /// Whether they keep the trigger, so that it is not lost with a failure.
    keeps_it: bool,
}

/// How a trigger ended.
pub(super) type Outcome = oneshot::Receiver<Result<(), TriggerError>>;

impl Job {
    /// Says whether whoever asked keeps it, so that it is not lost with a failure.
    pub(super) fn is_kept(&self) -> bool {
        self.asked_by.as_ref().is_some_and(|asker| asker.keeps_it)
    }
}

impl Queue {
    pub(super) fn new(triggers_max: usize, counters: Arc<Counters>) -> Queue {
        let (state, changed) = (Mutex::default(), Notify::new());
        Queue { state, changed, triggers_max, counters }
    }

    /// Has a trigger told, sooner or later.
    pub(super) fn push(&self, trigger: Arc<Trigger>) {
        if let Err(lost) = self.put(trigger, None) {
            self.counters.lost(&lost);
        }
    }

    /// Has a trigger told, and whoever waits for what this returns. One that is kept by them is not
    /// lost, however it ends.
    pub(super) fn push_and_tell(
        &self,
        trigger: Arc<Trigger>,
        keeps_it: bool,
    ) -> Result<Outcome, TriggerError> {
        let (answer, outcome) = oneshot::channel();
        let put = self.put(trigger, Some(Asker { answer, keeps_it }));
        put.inspect_err(|lost| {
            if !keeps_it {
                self.counters.lost(lost);
            }
        })?;
        Ok(outcome)
    }

    fn put(&self, trigger: Arc<Trigger>, asked_by: Option<Asker>) -> Result<(), TriggerError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(TriggerError::Closed);
        }
        // Whoever is told to look again, and is to be told so once more, looks once.
        let is_same = |job: &Job| job.asked_by.is_none() && *job.trigger == *trigger;
        if trigger.says_nothing() && asked_by.is_none() && state.waiting.iter().any(is_same) {
            self.counters.merged.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        if state.waiting.len() >= self.triggers_max {
            if !std::mem::replace(&mut state.was_full, true) {
                let waiting = self.triggers_max;
                tracing::warn!(waiting, "triggers are lost: as many wait for the gateway as may");
            }
            return Err(TriggerError::Full);
        }
        state.was_full = false;
        state.waiting.push_back(Job { trigger, since: Instant::now(), asked_by });
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Waits for the next one; none: the queue is closed, and empty.
    pub(super) async fn next(&self) -> Option<Job> {
        self.until(|state| match state.waiting.pop_front() {
            Some(job) => {
                state.is_telling = true;
                Some(Some(job))
            }
            None => state.is_closed.then_some(None),
        })
        .await
    }

    /// Takes note of how the last one ended.
    pub(super) fn ended(&self, job: Job, how: Result<(), TriggerError>) {
        let is_kept = job.is_kept();
        match &how {
            Ok(()) => _ = self.counters.told.fetch_add(1, Ordering::Relaxed),
            Err(_) if is_kept => {}
            Err(why) => {
                self.counters.lost(why);
                tracing::warn!(rooms = job.trigger.rooms.len(), "a trigger is lost: {why}");
            }
        }
        if let Some(asker) = job.asked_by {
            // Whoever asked may have gone.
            let _ = asker.answer.send(how);
        }
        self.state().is_telling = false;
        self.changed.notify_waiters();
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_waiters();
    }

    /// Waits until none waits, and none is being told.
    pub(super) async fn idle(&self) {
        self.until(|state| (state.waiting.is_empty() && !state.is_telling).then_some(())).await;
    }

    /// Forgets all that wait; returns how many, with the one that is being told.
    pub(super) fn abandon(&self) -> usize {
        let mut state = self.state();
        let waiting = std::mem::take(&mut state.waiting);
        let telling = usize::from(state.is_telling);
        drop(state);
        let lost = waiting.iter().filter(|job| !job.is_kept()).count();
        for _ in 0..lost {
            self.counters.lost(&TriggerError::Closed);
        }
        lost + telling
    }

    /// Returns how many wait, with the one that is being told.
    pub(super) fn waiting(&self) -> usize {
        let state = self.state();
        state.waiting.len() + usize::from(state.is_telling)
    }

    async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let seen = look(&mut self.state());
            if let Some(seen) = seen {
                return seen;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
