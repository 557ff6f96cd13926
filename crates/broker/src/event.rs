//! What a node hears from its broker.

use bytes::Bytes;
use std::fmt;
use std::time::SystemTime;
use tokio::sync::mpsc;

/// What a node hears.
#[derive(Debug)]
pub enum Event {
    /// A publication for this node's subscribers: UTF-8, at most `message_bytes_max` long.
    Publication {
        /// What was published.
        body: Bytes,
        /// To be dropped when the loops have taken it.
        taken: Taken,
    },
    /// A message between nodes.
    Control {
        /// What was published to [`To::Nodes`](crate::To::Nodes).
        body: Bytes,
    },
    /// The broker is lost: from `since` on, publications may be missing.
    Lost {
        /// When the last probe that came back was sent.
        since: SystemTime,
        /// What happened and what to do, for a person.
        why: String,
    },
    /// The broker is back, and all that was listened to is listened to again. It is said after
    /// each connect; the first one has no `Lost` before it if it succeeds at once.
    Back {
        /// Whether something may be missing that was published between `from` and `until`.
        lost: bool,
        /// The `since` of [`Event::Lost`]; at first, when it was started.
        from: SystemTime,
        /// From here on nothing is missing.
        until: SystemTime,
    },
}

/// The events of a broker, in its order.
///
/// Few are kept here: whoever does not take them slows the broker down, as far as that broker can
/// be slowed down.
#[derive(Debug)]
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// Waits for the next event; none means that the broker was stopped.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    /// Returns the next event if there is one already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// Says by being dropped that the loops have taken a publication, or that nobody can.
///
/// RabbitMQ gets its acknowledgement then, and sends no more than `prefetch` before.
#[must_use = "a publication counts as taken as soon as this is dropped"]
#[derive(Default)]
pub struct Taken(Option<Box<dyn FnOnce() + Send>>);

impl Taken {
    /// Makes one that calls `then` when it is dropped.
    pub(crate) fn then(then: impl FnOnce() + Send + 'static) -> Taken {
        Taken(Some(Box::new(then)))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then();
        }
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taken")
    }
}
