//! NATS: a subject for each room.
//!
//! Its protocol is spoken here, in a few verbs, since the promise asks for one order of all that
//! comes, whatever its subject, and for a queue that drops nothing in silence.

mod errors;
mod io;
mod wire;

use crate::link::{Connected, Connector, Ears, Link};
use crate::names::{Hearing, Names};
use crate::{PublishError, Settings, To};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use io::Writing;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// Makes connections to NATS.
pub(crate) struct NatsConnector {
    settings: Settings,
}

/// A connection to NATS: it subscribes and publishes.
struct Nats {
    names: Arc<Names>,
    writing: Writing,
    /// What the server takes in one message.
    payload_max: usize,
    subscriptions: Mutex<Subscriptions>,
    tasks: [JoinHandle<()>; 2],
}

/// The numbers by which subscriptions are ended.
#[derive(Default)]
struct Subscriptions {
    latest: u64,
    rooms: HashMap<Arc<str>, u64>,
}

impl NatsConnector {
    pub(crate) fn new(settings: &Settings) -> NatsConnector {
        NatsConnector { settings: settings.clone() }
    }

    async fn try_to_connect(&self, ears: Ears) -> Result<Nats, String> {
        if !Settings::is_exchange_name(&self.settings.exchange) {
            return Err(String::from("[broker] exchange is no part of a NATS subject"));
        }
        let names = Arc::new(Names::new(&self.settings, '.'));
        let opened = io::open(&self.settings).await?;
        let payload_max = opened.payload_max;
        let hearing = Hearing::new(Arc::clone(&names), ears);
        let (writing, tasks) = io::start(opened, hearing);
        let subscriptions = Mutex::default();
        let nats = Nats { names, writing, payload_max, subscriptions, tasks };
        let own = [&nats.names.everybody, &nats.names.nodes, &nats.names.node];
        let mut request = Vec::new();
        for name in own {
            let number = nats.subscriptions().next();
            wire::subscribe(&mut request, name, number);
        }
        nats.writing.confirmed(request).await?;
        Ok(nats)
    }
}

impl Connector for NatsConnector {
    fn connect<'a>(&'a mut self, ears: Ears) -> BoxFuture<'a, Result<Connected, String>> {
        async move {
            let nats = self.try_to_connect(ears).await?;
            Ok(Connected { link: Arc::new(nats), unbroken: false })
        }
        .boxed()
    }

    fn listens_by_room(&self) -> bool {
        true
    }
}

impl Nats {
    /// Publishes, and waits until the server has taken it and handed it to its subscribers.
    async fn say(&self, subjects: &[String], payload: &[u8]) -> Result<(), PublishError> {
        if payload.len() > self.payload_max {
            let why = format!(
                "it has {} bytes, and this NATS server's max_payload is {}",
                payload.len(),
                self.payload_max
            );
            return Err(PublishError::Refused(why));
        }
        let mut request = Vec::with_capacity(subjects.len() * (payload.len() + 128));
        for subject in subjects {
            wire::publish(&mut request, subject, payload);
        }
        self.writing.confirmed(request).await.map_err(PublishError::Unconfirmed)
    }

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriptions {
    fn next(&mut self) -> u64 {
        self.latest += 1;
        self.latest
    }
}

impl Link for Nats {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        let (names, payload) = self.names.publication(to, &body);
        async move { self.say(&names, &payload).await }.boxed()
    }

    fn probe(&self, number: u64) -> BoxFuture<'_, Result<(), PublishError>> {
        let (names, payload) = self.names.probe(number);
        async move { self.say(&names, &payload).await }.boxed()
    }

    fn listen<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        let mut request = Vec::new();
        let mut subscriptions = self.subscriptions();
        for topic in topics {
            if subscriptions.rooms.contains_key(topic) {
                continue;
            }
            let number = subscriptions.next();
            subscriptions.rooms.insert(Arc::clone(topic), number);
            wire::subscribe(&mut request, &self.names.room(topic), number);
        }
        drop(subscriptions);
        self.writing.confirmed(request).boxed()
    }

    fn unlisten<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        let mut request = Vec::new();
        let mut subscriptions = self.subscriptions();
        for topic in topics {
            if let Some(number) = subscriptions.rooms.remove(topic) {
                wire::unsubscribe(&mut request, number);
            }
        }
        drop(subscriptions);
        self.writing.confirmed(request).boxed()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
