//! Asking the dispatcher to catch up at once, and what it told then.

use crate::cidr::Network;
use std::fmt;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Has the dispatcher of an instance catch up at once. Clones ask the same one.
#[derive(Clone, Debug, Default)]
pub struct CatchUp(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: Notify,
    waiting: Mutex<Vec<oneshot::Sender<Told>>>,
}

type Told = Result<Arc<[Network]>, CatchUpError>;

/// Why the dispatcher has not caught up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatchUpError {
    /// Too many wait for it already.
    Busy,
    /// It could not; it tries again by itself. Says why.
    Failed(String),
    /// It has ended, as the server does.
    Ended,
}

/// How many may wait for one run.
const WAITING_MAX: usize = 100;

/// Those who wait for a run.
pub(super) struct Waiting(Vec<oneshot::Sender<Told>>);

impl CatchUp {
    /// Waits for the next run of the dispatcher, and returns the networks that it told of. All who
    /// wait share a run.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`] says why not all could be told.
    pub async fn now(&self) -> Told {
        let (answer, told) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            waiting.retain(|waiting| !waiting.is_closed());
            if waiting.len() >= WAITING_MAX {
                return Err(CatchUpError::Busy);
            }
            waiting.push(answer);
        }
        self.0.asked.notify_one();
        told.await.unwrap_or(Err(CatchUpError::Ended))
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// Takes those who have asked before a run begins: it tells what they want to know of.
    pub(super) fn take(&self) -> Waiting {
        Waiting(take(&mut *self.waiting()))
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<oneshot::Sender<Told>>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    pub(super) fn answer(self, told: Result<Vec<Network>, String>) {
        let told: Told = told.map(Arc::from).map_err(CatchUpError::Failed);
        for waiting in self.0 {
            // Who has gone does not mind.
            let _ = waiting.send(told.clone());
        }
    }
}

impl fmt::Display for CatchUpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatchUpError::Busy => formatter.write_str("Too many ask for that. Try again later."),
            CatchUpError::Failed(why) => formatter.write_str(why),
            CatchUpError::Ended => formatter.write_str("The server ends."),
        }
    }
}

impl std::error::Error for CatchUpError {}
