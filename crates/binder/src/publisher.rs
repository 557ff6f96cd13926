//! Telling triggers to gateways, without ever holding up whoever saves something.
//!
//! Each way that triggers take (HTTP, RabbitMQ) has a queue, and a task that tells them one after the
//! other, each until it is taken, refused, or too late.

mod builder;
mod http;
mod queue;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
mod statistics;
mod way;

pub use builder::{Builder, StartError};
#[cfg(feature = "sea-orm")]
pub(crate) use http::unique;
pub use statistics::Statistics;

use crate::{Room, Trigger};
use async_trait::async_trait;
use queue::Queue;
use serde::Serialize;
use statistics::Counters;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Whoever passes triggers on: a [`Publisher`], or what an application makes of its own.
#[async_trait]
pub trait Publish: Send + Sync {
    /// Passes a trigger on, sooner or later; never fails, and never waits.
    fn publish(&self, trigger: Trigger);

    /// Passes a trigger on that its sender keeps, to come with it again if this fails. Returns when it
    /// is with whoever tells it.
    ///
    /// # Errors
    ///
    /// [`TriggerError`] says why not.
    async fn deliver(&self, trigger: Trigger) -> Result<(), TriggerError> {
        self.publish(trigger);
        Ok(())
    }
}

/// Tells triggers to a gateway. Clones are the same.
///
/// ```no_run
/// use campanile_binder::{Publisher, room};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let publisher = Publisher::builder().start()?; // to http://localhost:8002
/// publisher.trigger("feeding time", [room! { "zoo": 1 }]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Publisher(Arc<Inner>);

struct Inner {
    ways: Vec<Arc<Queue>>,
    counters: Arc<Counters>,
}

/// Why a trigger was not told. Perhaps some were told all the same: whoever it was on its way to when
/// a connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerError {
    /// What is to be told cannot be made JSON.
    NotJson(String),
    /// As many wait as may.
    Full,
    /// A gateway, or its broker, does not take it, and will not when asked again.
    Refused(String),
    /// None was there for as long as triggers are kept.
    Unavailable(String),
    /// The publisher was closed.
    Closed,
}

impl Publisher {
    /// Begins to make a publisher.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Tells everybody in some rooms something, sooner or later; never fails, and never waits.
    ///
    /// What is lost is counted, and logged.
    pub fn trigger(&self, data: impl Serialize, rooms: impl IntoIterator<Item = Room>) {
        match serde_json::to_value(data) {
            Ok(data) => self.publish(Trigger::new(data, rooms)),
            Err(error) => {
                self.0.counters.not_json();
                tracing::error!(%error, "a trigger is lost: it cannot be made JSON");
            }
        }
    }

    /// Tells everybody in some rooms something, and returns when a gateway has it, or it is certain
    /// that none takes it in time.
    ///
    /// # Errors
    ///
    /// [`TriggerError`] says why; it is counted among the lost.
    pub async fn try_trigger(
        &self,
        data: impl Serialize,
        rooms: impl IntoIterator<Item = Room>,
    ) -> Result<(), TriggerError> {
        let data = serde_json::to_value(data).map_err(|error| {
            self.0.counters.not_json();
            TriggerError::NotJson(error.to_string())
        })?;
        self.try_publish(Trigger::new(data, rooms)).await
    }

    /// Passes a trigger on, and returns when a gateway has it, or it is certain that none takes it in
    /// time.
    ///
    /// # Errors
    ///
    /// [`TriggerError`] says why; it is counted among the lost.
    pub async fn try_publish(&self, trigger: Trigger) -> Result<(), TriggerError> {
        self.ask(trigger, false).await
    }

    async fn ask(&self, trigger: Trigger, keeps_it: bool) -> Result<(), TriggerError> {
        let trigger = Arc::new(trigger);
        let ask = |way: &Arc<Queue>| way.push_and_tell(Arc::clone(&trigger), keeps_it);
        // All ways have it before the first is waited for.
        let outcomes: Vec<_> = self.0.ways.iter().map(ask).collect();
        let mut refused = Ok(());
        for outcome in outcomes {
            match outcome?.await.unwrap_or(Err(TriggerError::Closed)) {
                // One way that will never take it does not speak for one that will later.
                Err(why @ TriggerError::Refused(_)) => refused = Err(why),
                told => told?,
            }
        }
        refused
    }

    /// Waits until nothing waits any more.
    pub async fn idle(&self) {
        for way in &self.0.ways {
            way.idle().await;
        }
    }

    /// Takes no more triggers, and waits until those that wait are told, `patience` at most. Returns
    /// how many are lost.
    pub async fn close(&self, patience: Duration) -> usize {
        for way in &self.0.ways {
            way.close();
        }
        // Whoever is not told by then is counted.
        let _ = tokio::time::timeout(patience, self.idle()).await;
        let lost = self.0.ways.iter().map(|way| way.abandon()).sum();
        if lost > 0 {
            tracing::warn!(triggers = lost, "triggers are lost: they were not told before the end");
        }
        lost
    }

    /// Returns what was counted so far.
    pub fn statistics(&self) -> Statistics {
        let waiting = self.0.ways.iter().map(|way| way.waiting()).sum();
        self.0.counters.read(waiting)
    }
}

#[async_trait]
impl Publish for Publisher {
    fn publish(&self, trigger: Trigger) {
        let trigger = Arc::new(trigger);
        for way in &self.0.ways {
            way.push(Arc::clone(&trigger));
        }
    }

    async fn deliver(&self, trigger: Trigger) -> Result<(), TriggerError> {
        self.ask(trigger, true).await
    }
}

#[async_trait]
impl<P: Publish + ?Sized> Publish for Arc<P> {
    fn publish(&self, trigger: Trigger) {
        (**self).publish(trigger);
    }

    async fn deliver(&self, trigger: Trigger) -> Result<(), TriggerError> {
        (**self).deliver(trigger).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for way in &self.ways {
            way.close();
        }
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Publisher").field("statistics", &self.statistics()).finish()
    }
}

impl fmt::Display for TriggerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TriggerError::NotJson(why) => write!(formatter, "it cannot be made JSON: {why}"),
            TriggerError::Full => formatter.write_str("too many triggers wait already"),
            TriggerError::Refused(why) => write!(formatter, "it is refused: {why}"),
            TriggerError::Unavailable(why) => write!(formatter, "no gateway was there: {why}"),
            TriggerError::Closed => formatter.write_str("the publisher was closed"),
        }
    }
}

impl std::error::Error for TriggerError {}
