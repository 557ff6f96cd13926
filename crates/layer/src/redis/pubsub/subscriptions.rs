//! To which of a host's Redis channels this process is subscribed, and to which it shall be.

#[cfg(test)]
mod tests;

use crate::redis::hosts::explain;
use redis::aio::MultiplexedConnection;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How many names go into one command.
const BATCH: usize = 500;

/// The subscriptions at one host.
///
/// One task alone changes them at Redis, by what is wanted at that moment, so that no order of
/// joins and leaves can end in the wrong state.
#[derive(Debug)]
pub(super) struct Subscriptions {
    state: Mutex<State>,
    done: watch::Sender<Done>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Whether changes are done, or everything will be subscribed to anew.
    is_open: bool,
    /// What Redis has confirmed, and was not told to end since.
    subscribed: HashSet<Arc<str>>,
    /// Names that may be wanted otherwise than they are. Who changes one waits until that is done,
    /// so there are not more than calls under way and channels just dropped.
    changed: VecDeque<Arc<str>>,
    /// The number of the latest change.
    latest: u64,
}

/// How far changes have come.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    /// Up to this number they were given up, as their connection was gone, if they were not done.
    given_up: u64,
    /// Up to this number they are done.
    up_to: u64,
}

/// What is to be done next, and up to which number changes are done by it.
struct Batch {
    subscribe: Vec<Arc<str>>,
    unsubscribe: Vec<Arc<str>>,
    number: u64,
}

/// That a connection can be used no more, for this reason.
pub(super) type Broken = String;

impl Subscriptions {
    pub(super) fn new() -> Subscriptions {
        Subscriptions {
            state: Mutex::default(),
            done: watch::Sender::default(),
            wake: Notify::new(),
        }
    }

    /// Takes note that a name may be wanted or not wanted now; returns the change's number.
    ///
    /// None if there is nothing to wait for: it is subscribed to and shall be, or the host is lost
    /// and everything will be subscribed to when it is back.
    pub(super) fn change(&self, name: &Arc<str>, is_wanted: bool) -> Option<u64> {
        let mut state = self.lock();
        if !state.is_open || (is_wanted && state.subscribed.contains(name)) {
            return None;
        }
        state.latest += 1;
        state.changed.push_back(Arc::clone(name));
        let number = state.latest;
        drop(state);
        self.wake.notify_one();
        Some(number)
    }

    /// Waits until a change is done; returns whether it is, or was given up with its connection.
    pub(super) async fn until_done(&self, number: u64) -> bool {
        let mut done = self.done.subscribe();
        let decided = done.wait_for(|done| done.up_to >= number || done.given_up >= number).await;
        // The sender is there as long as this is.
        decided.is_ok_and(|done| done.up_to >= number)
    }

    /// Says whether Redis has confirmed a subscription.
    pub(super) fn is_subscribed(&self, name: &str) -> bool {
        self.lock().subscribed.contains(name)
    }

    /// Subscribes, over a new connection, to all that is wanted.
    pub(super) async fn join(
        &self,
        ear: &mut MultiplexedConnection,
        wanted: impl FnOnce() -> Vec<Arc<str>>,
        within: Duration,
    ) -> Result<(), Broken> {
        let number = {
            let mut state = self.lock();
            state.subscribed.clear();
            state.changed.clear();
            state.is_open = true;
            state.latest
        };
        for names in wanted().chunks(BATCH) {
            self.subscribe(ear, names, within).await?;
        }
        self.done.send_modify(|done| done.up_to = number);
        Ok(())
    }

    /// Does what is changed until the connection can be used no more; returns why.
    pub(super) async fn keep(
        &self,
        ear: &mut MultiplexedConnection,
        is_wanted: impl Fn(&str) -> bool,
        within: Duration,
    ) -> Broken {
        loop {
            let woken = self.wake.notified();
            let Some(batch) = self.next_batch(&is_wanted) else {
                woken.await;
                continue;
            };
            if let Err(why) = self.apply(ear, &batch, within).await {
                return why;
            }
            self.done.send_modify(|done| done.up_to = batch.number);
        }
    }

    /// Takes note that the connection is gone.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_open = false;
        state.subscribed.clear();
        state.changed.clear();
        self.done.send_modify(|done| done.given_up = state.latest);
    }

    /// Decides by what is wanted now; what is changed from here on comes in a batch of its own.
    fn next_batch(&self, is_wanted: &impl Fn(&str) -> bool) -> Option<Batch> {
        let mut state = self.lock();
        let count = state.changed.len().min(BATCH);
        let names: HashSet<Arc<str>> = state.changed.drain(..count).collect();
        if names.is_empty() {
            return None;
        }
        let (mut subscribe, mut unsubscribe): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| is_wanted(name));
        subscribe.retain(|name| !state.subscribed.contains(name));
        unsubscribe.retain(|name| state.subscribed.remove(name));
        let number = state.latest - state.changed.len() as u64;
        Some(Batch { subscribe, unsubscribe, number })
    }

    async fn apply(
        &self,
        ear: &mut MultiplexedConnection,
        batch: &Batch,
        within: Duration,
    ) -> Result<(), Broken> {
        if !batch.unsubscribe.is_empty() {
            let names: Vec<&str> = batch.unsubscribe.iter().map(|name| &**name).collect();
            answer(within, ear.unsubscribe(&names[..])).await?;
        }
        if batch.subscribe.is_empty() {
            return Ok(());
        }
        self.subscribe(ear, &batch.subscribe, within).await
    }

    /// Subscribes to those names that Redis permits.
    async fn subscribe(
        &self,
        ear: &mut MultiplexedConnection,
        names: &[Arc<str>],
        within: Duration,
    ) -> Result<(), Broken> {
        let texts: Vec<&str> = names.iter().map(|name| &**name).collect();
        if answer(within, ear.subscribe(&texts[..])).await? {
            self.lock().subscribed.extend(names.iter().cloned());
            return Ok(());
        }
        // One that is not permitted must not take the others with it.
        for name in names {
            if answer(within, ear.subscribe(&**name)).await? {
                self.lock().subscribed.insert(Arc::clone(name));
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for Redis' answer; returns whether it did what it was asked for.
async fn answer(
    within: Duration,
    asked: impl Future<Output = redis::RedisResult<()>>,
) -> Result<bool, Broken> {
    match tokio::time::timeout(within, asked).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(error)) if error.code().is_some() => {
            let why = explain(&error);
            tracing::warn!(%why, "Redis refuses a subscription of the channel layer");
            Ok(false)
        }
        Ok(Err(error)) => Err(explain(&error)),
        Err(_) => Err(format!("a subscription was not confirmed within {within:?}")),
    }
}
