//! A node's end of a broker: what is the same for every kind of broker.

use crate::broker::check;
use crate::counters::Counting;
use crate::event::Events;
use crate::keeper::Keeper;
use crate::link::{Connector, Link};
use crate::topics::Topics;
use crate::{Broker, Counters, ListenError, PublishError, Settings, State, To};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The handle of a node. The keeper ends with it.
pub(crate) struct Node {
    shared: Arc<Shared>,
    listens_by_room: bool,
    keeper: JoinHandle<()>,
}

/// What the handle and the keeper share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) counting: Arc<Counting>,
    pub(crate) topics: Topics,
    now: RwLock<Now>,
}

/// How it stands with the broker.
enum Now {
    Connected { link: Arc<dyn Link>, ended: watch::Receiver<()> },
    Lost { since: SystemTime, why: String },
}

/// Starts a node on the connections that `connector` makes.
pub(crate) fn start(settings: &Settings, connector: impl Connector) -> (Arc<dyn Broker>, Events) {
    let (sender, receiver) = mpsc::channel(settings.events_max.max(1));
    let why = String::from("it is being connected to for the first time");
    let shared = Arc::new(Shared {
        settings: settings.clone(),
        counting: Arc::default(),
        topics: Topics::new(settings.topics_max),
        now: RwLock::new(Now::Lost { since: SystemTime::now(), why }),
    });
    let listens_by_room = connector.listens_by_room();
    let keeper = Keeper::new(Arc::clone(&shared), connector, sender);
    let node = Node { shared, listens_by_room, keeper: tokio::spawn(keeper.run()) };
    (Arc::new(node), Events(receiver))
}

impl Shared {
    /// Takes note that everything is established.
    pub(crate) fn connected(&self, link: Arc<dyn Link>, ended: watch::Receiver<()>) {
        self.set(Now::Connected { link, ended });
    }

    /// Takes note that the broker is lost, or why it still is.
    pub(crate) fn lost(&self, since: SystemTime, why: String) {
        self.topics.disconnect();
        self.set(Now::Lost { since, why });
    }

    fn set(&self, now: Now) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn link(&self) -> Result<(Arc<dyn Link>, watch::Receiver<()>), PublishError> {
        match &*self.now.read().unwrap_or_else(PoisonError::into_inner) {
            Now::Connected { link, ended } => Ok((Arc::clone(link), ended.clone())),
            Now::Lost { why, .. } => Err(PublishError::Unavailable(why.clone())),
        }
    }

    async fn publish(&self, to: To<'_>, body: Bytes) -> Result<(), PublishError> {
        check(&body, self.settings.message_bytes_max)?;
        let (link, mut ended) = self.link()?;
        let within = self.settings.publish_within;
        tokio::select! {
            result = link.publish(to, body) => result,
            // Changed or closed: either is said when the connection ends.
            _ = ended.changed() => {
                Err(PublishError::Unconfirmed(String::from("the connection was lost meanwhile")))
            }
            () = tokio::time::sleep(within) => {
                Err(PublishError::Unconfirmed(format!("no word of it within {within:?}")))
            }
        }
    }
}

impl Broker for Node {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        async move {
            let result = self.shared.publish(to, body).await;
            let counting = &self.shared.counting;
            match &result {
                Ok(()) => counting.published.count(),
                Err(PublishError::Unconfirmed(_)) => counting.unconfirmed.count(),
                Err(PublishError::Unavailable(_)) => counting.unavailable.count(),
                Err(PublishError::Refused(_)) => {}
            }
            result
        }
        .boxed()
    }

    fn listen<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<(), ListenError>> {
        if !self.listens_by_room {
            return std::future::ready(Ok(())).boxed();
        }
        self.shared.topics.listen(topic).boxed()
    }

    fn unlisten(&self, topic: &str) {
        self.shared.topics.unlisten(topic, &self.shared.counting);
    }

    fn listens_by_room(&self) -> bool {
        self.listens_by_room
    }

    fn state(&self) -> State {
        match &*self.shared.now.read().unwrap_or_else(PoisonError::into_inner) {
            Now::Connected { .. } => State::Connected,
            Now::Lost { since, why } => State::Lost { since: *since, why: why.clone() },
        }
    }

    fn counters(&self) -> Counters {
        self.shared.counting.read()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
