//! What waits for a channel: bounded, and honest about what it had no room for.

use crate::statistics::Counting;
use crate::{Message, Missed, MissedReason, Received};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The messages of a channel, and where among them something is missing.
///
/// For each reason there is at most one [`Missed`] between two messages, so it is bounded by the
/// capacity.
#[derive(Debug)]
pub(crate) struct Queue {
    capacity: usize,
    expiry: Duration,
    counting: Arc<Counting>,
    state: Mutex<State>,
    wake: Notify,
    demand: Arc<Demand>,
}

/// Whether anybody receives, for those who would fetch something: of one queue, or of several.
#[derive(Debug, Default)]
pub(crate) struct Demand {
    waiting: AtomicUsize,
    /// Somebody has waited, or looked.
    begun: AtomicBool,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    messages: usize,
    closed: bool,
}

#[derive(Debug)]
enum Entry {
    Message { message: Message, since: Instant },
    Missed(MissedReason),
}

/// That a queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Queue {
    pub(crate) fn new(capacity: usize, expiry: Duration, counting: &Arc<Counting>) -> Arc<Queue> {
        Queue::with_demand(capacity, expiry, counting, Arc::default())
    }

    /// Makes one that tells somebody when it is received from.
    pub(crate) fn with_demand(
        capacity: usize,
        expiry: Duration,
        counting: &Arc<Counting>,
        demand: Arc<Demand>,
    ) -> Arc<Queue> {
        let counting = Arc::clone(counting);
        Arc::new(Queue {
            capacity,
            expiry,
            counting,
            state: Mutex::default(),
            wake: Notify::new(),
            demand,
        })
    }

    /// Puts a message in, if there is room; if not, nothing happens.
    pub(crate) fn push(&self, message: &Message, now: Instant) -> Result<(), Full> {
        {
            let mut state = self.lock();
            if state.messages >= self.capacity {
                self.expire(&mut state, now);
            }
            if state.messages >= self.capacity {
                return Err(Full);
            }
            state.messages += 1;
            state.entries.push_back(Entry::Message { message: message.clone(), since: now });
        }
        self.counting.received.add(1);
        self.wake.notify_one();
        Ok(())
    }

    /// Puts a message in; if there is no room, takes note in its place that it is missing.
    pub(crate) fn push_or_miss(&self, message: &Message, now: Instant) -> Result<(), Full> {
        let pushed = self.push(message, now);
        if pushed.is_err() {
            self.counting.overflowed.add(1);
            self.miss(MissedReason::Overflow { count: 1 });
        }
        pushed
    }

    /// Takes note that something is or may be missing here.
    pub(crate) fn miss(&self, reason: MissedReason) {
        let mut state = self.lock();
        let latest = state.entries.iter_mut().rev().map_while(|entry| match entry {
            Entry::Missed(reason) => Some(reason),
            Entry::Message { .. } => None,
        });
        for known in latest {
            if merge(known, &reason) {
                return;
            }
        }
        state.entries.push_back(Entry::Missed(reason));
        drop(state);
        self.wake.notify_one();
    }

    /// Lets nothing more in. What has come can still be received.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// Waits for what comes next. Several may wait; each entry goes to one of them.
    pub(crate) async fn receive(&self) -> Received {
        if let Some(received) = self.try_receive() {
            return received;
        }
        let _waiting = self.demand.wait();
        loop {
            let woken = self.wake.notified();
            if let Some(received) = self.try_receive() {
                return received;
            }
            woken.await;
        }
    }

    /// Returns what has come, or none.
    pub(crate) fn try_receive(&self) -> Option<Received> {
        self.demand.begin();
        let mut state = self.lock();
        self.expire(&mut state, Instant::now());
        match state.entries.pop_front() {
            Some(Entry::Message { message, .. }) => {
                state.messages -= 1;
                Some(Received::Message(message))
            }
            Some(Entry::Missed(reason)) => Some(Received::Missed(Missed { reason })),
            None if state.closed => Some(Received::Closed),
            None => None,
        }
    }

    /// Says whether nothing waits here that is still worth receiving.
    pub(crate) fn is_empty(&self, now: Instant) -> bool {
        let mut state = self.lock();
        self.expire(&mut state, now);
        state.messages == 0
    }

    /// Puts, in the place of the messages at the front that waited too long, that they are missing.
    fn expire(&self, state: &mut State, now: Instant) {
        let mut count = 0;
        while let Some(Entry::Message { since, .. }) = state.entries.front()
            && now.saturating_duration_since(*since) > self.expiry
        {
            state.entries.pop_front();
            state.messages -= 1;
            count += 1;
        }
        if count > 0 {
            self.counting.expired.add(count);
            let expired = MissedReason::Expired { count };
            let merged = match state.entries.front_mut() {
                Some(Entry::Missed(known)) => merge(known, &expired),
                _ => false,
            };
            if !merged {
                state.entries.push_front(Entry::Missed(expired));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Demand {
    /// Waits until somebody waits for something to come.
    pub(crate) async fn present(&self) {
        self.until(|| self.waiting.load(Ordering::SeqCst) > 0).await;
    }

    /// Waits until somebody has received for the first time, or looked.
    pub(crate) async fn begun(&self) {
        self.until(|| self.begun.load(Ordering::SeqCst)).await;
    }

    async fn until(&self, reached: impl Fn() -> bool) {
        loop {
            let mut woken = std::pin::pin!(self.wake.notified());
            woken.as_mut().enable();
            if reached() {
                return;
            }
            woken.await;
        }
    }

    fn begin(&self) {
        if !self.begun.load(Ordering::Relaxed) {
            self.begun.store(true, Ordering::SeqCst);
            self.wake.notify_waiters();
        }
    }

    fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.wake.notify_waiters();
        Waiting(&self.waiting)
    }
}

/// One of those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Takes a second miss for the same reason into the first.
fn merge(known: &mut MissedReason, more: &MissedReason) -> bool {
    match (known, more) {
        (MissedReason::Overflow { count }, MissedReason::Overflow { count: more })
        | (MissedReason::Expired { count }, MissedReason::Expired { count: more })
        | (MissedReason::Undecodable { count }, MissedReason::Undecodable { count: more }) => {
            *count += more;
        }
        (
            MissedReason::Outage { from, until },
            MissedReason::Outage { from: second_from, until: second_until },
        ) => {
            *from = (*from).min(*second_from);
            *until = (*until).max(*second_until);
        }
        _ => return false,
    }
    true
}
