//! Which topics a node wants to hear of, and the changes that the broker must be told.

use crate::ListenError;
use crate::counters::Counting;
use crate::link::Link;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many changes wait for the broker; who listens then waits, and an unlisten is put off.
const CHANGES_MAX: usize = 1024;

/// How many topics one request to the broker names.
pub(crate) const BATCH: usize = 512;

/// The topics of a node.
pub(crate) struct Topics {
    inner: Mutex<Inner>,
    topics_max: usize,
}

#[derive(Default)]
struct Inner {
    wanted: HashSet<Arc<str>>,
    /// To the connection that stands or is being made; none while there is none.
    changes: Option<mpsc::Sender<Change>>,
}

/// A topic to look at again: it is wanted or not by now. A listen wants to know when it is done.
struct Change {
    topic: Arc<str>,
    done: Option<oneshot::Sender<()>>,
}

/// All topics at the moment when a connection was made, and the changes since.
pub(crate) struct Changes {
    pub(crate) wanted: Vec<Arc<str>>,
    receiver: mpsc::Receiver<Change>,
}

impl Topics {
    pub(crate) fn new(topics_max: usize) -> Topics {
        Topics { inner: Mutex::default(), topics_max }
    }

    /// Wants a topic from now on, and waits until the broker has confirmed it.
    pub(crate) async fn listen(&self, topic: &str) -> Result<(), ListenError> {
        let topic: Arc<str> = Arc::from(topic);
        let changes = {
            let mut inner = self.lock();
            if inner.wanted.len() >= self.topics_max && !inner.wanted.contains(&topic) {
                return Err(ListenError::Full);
            }
            inner.wanted.insert(Arc::clone(&topic));
            inner.changes.clone().ok_or(ListenError::Later)?
        };
        let (done, wait) = oneshot::channel();
        let change = Change { topic, done: Some(done) };
        changes.send(change).await.map_err(|_| ListenError::Later)?;
        wait.await.map_err(|_| ListenError::Later)
    }

    /// No longer wants a topic.
    pub(crate) fn unlisten(&self, topic: &str, counting: &Counting) {
        let mut inner = self.lock();
        let Some(topic) = inner.wanted.take(topic) else { return };
        let Some(changes) = &inner.changes else { return };
        if changes.try_send(Change { topic, done: None }).is_err() {
            counting.unlistens_put_off.count();
        }
    }

    /// Returns what a new connection must listen for, and from now on every change.
    pub(crate) fn connect(&self) -> Changes {
        let (sender, receiver) = mpsc::channel(CHANGES_MAX);
        let mut inner = self.lock();
        inner.changes = Some(sender);
        Changes { wanted: inner.wanted.iter().cloned().collect(), receiver }
    }

    /// Takes note that there is no connection: who listens is told to wait for the next.
    pub(crate) fn disconnect(&self) {
        self.lock().changes = None;
    }

    fn is_wanted(&self, topic: &Arc<str>) -> bool {
        self.lock().wanted.contains(topic)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change of the set is one call: a thread that died left nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes {
    /// Tells the broker of each change, in order and many at once, until the connection ends.
    /// Returns why the broker did not confirm one.
    pub(crate) async fn tell(
        &mut self,
        topics: &Topics,
        link: &dyn Link,
        within: Duration,
    ) -> String {
        let mut batch = Vec::new();
        loop {
            if self.receiver.recv_many(&mut batch, BATCH).await == 0 {
                return std::future::pending().await;
            }
            let told = tell_batch(&mut batch, topics, link);
            match tokio::time::timeout(within, told).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => return format!("it refused to listen for rooms: {why}"),
                Err(_) => return format!("it did not confirm a listen within {within:?}"),
            }
        }
    }
}

async fn tell_batch(
    batch: &mut Vec<Change>,
    topics: &Topics,
    link: &dyn Link,
) -> Result<(), String> {
    // What is wanted by now is what counts, however often it changed on the way here.
    let (wanted, unwanted): (Vec<_>, Vec<_>) =
        batch.iter().map(|change| Arc::clone(&change.topic)).partition(|it| topics.is_wanted(it));
    if !unwanted.is_empty() {
        link.unlisten(&unwanted).await?;
    }
    if !wanted.is_empty() {
        link.listen(&wanted).await?;
    }
    for done in batch.drain(..).filter_map(|change| change.done) {
        let _ = done.send(());
    }
    Ok(())
}
