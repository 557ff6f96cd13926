//! The triggers whose callers wait to hear how many they reached.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Those that are on their way to the broker and back: no more than there are requests.
#[derive(Debug, Default)]
pub(super) struct Awaited(Mutex<Waiting>);

type Waiting = HashMap<Box<str>, Vec<oneshot::Sender<Outcome>>>;

/// One of them, as its caller waits for it. Forgotten when dropped.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    awaited: &'a Awaited,
    id: Box<str>,
    reached: oneshot::Receiver<Outcome>,
}

/// What became of a trigger that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was delivered to so many subscriptions.
    Reached(u64),
    /// It had come before, and was not delivered again.
    Duplicate,
}

impl Awaited {
    /// Waits for the trigger `id` from now on.
    pub(super) fn wait_for(&self, id: &str) -> Arrival<'_> {
        let (sender, reached) = oneshot::channel();
        self.lock().entry(id.into()).or_default().push(sender);
        Arrival { awaited: self, id: id.into(), reached }
    }

    /// Returns whether somebody waits for the trigger `id`.
    pub(super) fn is_awaited(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Tells those who wait for the trigger `id` what became of it.
    pub(super) fn tell(&self, id: &str, outcome: Outcome) {
        for sender in self.lock().remove(id).into_iter().flatten() {
            // Whoever waited may have given up.
            let _ = sender.send(outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrival<'_> {
    /// Waits until it has come back and was delivered; none if that will not be known.
    pub(super) async fn outcome(&mut self) -> Option<Outcome> {
        (&mut self.reached).await.ok()
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.reached.close();
        let mut waiting = self.awaited.lock();
        if let Some(senders) = waiting.get_mut(&self.id) {
            senders.retain(|sender| !sender.is_closed());
            if senders.is_empty() {
                waiting.remove(&self.id);
            }
        }
    }
}
