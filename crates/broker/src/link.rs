//! One connection to a broker, from its connect to its end: what each kind of broker has to do.

use crate::event::Taken;
use crate::{PublishError, Settings, To};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Makes connections, one after the other.
pub(crate) trait Connector: Send + Sync + 'static {
    /// Connects, and establishes everything but the listens for rooms.
    ///
    /// The error is for a person; it has no password in it.
    fn connect<'a>(&'a mut self, ears: Ears) -> BoxFuture<'a, Result<Connected, String>>;

    /// Says whether rooms must be listened for.
    fn listens_by_room(&self) -> bool;
}

/// A connection that stands.
pub(crate) struct Connected {
    pub(crate) link: Arc<dyn Link>,
    /// Whether it goes on exactly where the one before it ended.
    pub(crate) unbroken: bool,
}

/// What can be asked of a connection. Dropping it ends it at once.
pub(crate) trait Link: Send + Sync + 'static {
    /// Publishes, and waits for the confirmation.
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>>;

    /// Publishes a probe to this node's own address.
    fn probe(&self, number: u64) -> BoxFuture<'_, Result<(), PublishError>>;

    /// Listens for these topics, and waits for the confirmation; an error ends the connection.
    fn listen<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>>;

    /// No longer listens for these topics.
    fn unlisten<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>>;

    /// Says whether the node itself keeps the broker from sending more, so that a probe may be
    /// late without fault.
    fn is_held_back(&self) -> bool {
        false
    }
}

/// What a connection hears is told here.
#[derive(Clone)]
pub(crate) struct Ears {
    /// Publications and control messages, in the broker's order.
    pub(crate) arrivals: Arrivals,
    /// What the keeper must know at once, however many publications wait.
    signals: mpsc::Sender<Signal>,
}

/// What came for the loops.
pub(crate) enum Arrival {
    Publication { body: Bytes, taken: Taken },
    Control { body: Bytes },
}

/// What came for the keeper.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// This probe came back.
    Probe(u64),
    /// The connection is of no more use, for this reason.
    Broken(String),
}

impl Ears {
    pub(crate) fn new(arrivals: Arrivals, signals: mpsc::Sender<Signal>) -> Ears {
        Ears { arrivals, signals }
    }

    /// Says that a probe came back.
    pub(crate) fn probe(&self, number: u64) {
        // When more come than a node can have sent, somebody else sends them: they don't count.
        let _ = self.signals.try_send(Signal::Probe(number));
    }

    /// Says that the connection is of no more use.
    pub(crate) fn broken(&self, why: impl Into<String>) {
        // If this finds no room, the connection is found to be silent soon.
        let _ = self.signals.try_send(Signal::Broken(why.into()));
    }
}

pub(crate) use crate::arrivals::Arrivals;

/// How long after a probe the next one is sent.
pub(crate) fn probe_every(settings: &Settings) -> std::time::Duration {
    settings.silence / 3
}
