//! Redis pub/sub: a channel for each room, heard over one connection in Redis' order.
//!
//! What is published goes over another one: Redis 7.0 puts what a subscriber itself publishes in a
//! transaction into the middle of that transaction's answer, where it is lost.

use super::{connect, explain, publish_error};
use crate::link::{Connected, Connector, Ears, Link};
use crate::names::{Hearing, Names};
use crate::{PublishError, Settings, To};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use std::sync::Arc;

/// Makes connections to Redis.
pub(crate) struct PubSubConnector {
    settings: Settings,
}

/// A connection to Redis: one socket that publishes, and one that subscribes.
struct PubSub {
    mouth: MultiplexedConnection,
    ear: MultiplexedConnection,
    names: Arc<Names>,
}

impl PubSubConnector {
    pub(crate) fn new(settings: &Settings) -> PubSubConnector {
        PubSubConnector { settings: settings.clone() }
    }
}

impl Connector for PubSubConnector {
    fn connect<'a>(&'a mut self, ears: Ears) -> BoxFuture<'a, Result<Connected, String>> {
        async move {
            let names = Arc::new(Names::new(&self.settings, ':'));
            let hearing = Arc::new(Hearing::new(Arc::clone(&names), ears));
            let mouth_hearing = Arc::clone(&hearing);
            let mouth = connect(&self.settings, move |push| hear(&mouth_hearing, push)).await?;
            let mut ear = connect(&self.settings, move |push| hear(&hearing, push)).await?;
            let own = [&names.everybody, &names.nodes, &names.node];
            ear.subscribe(&own[..]).await.map_err(|error| explain(&error))?;
            Ok(Connected { link: Arc::new(PubSub { mouth, ear, names }), unbroken: false })
        }
        .boxed()
    }

    fn listens_by_room(&self) -> bool {
        true
    }
}

fn hear(hearing: &Hearing, push: PushInfo) {
    match (push.kind, <[Value; 2]>::try_from(push.data)) {
        (PushKind::Message, Ok([Value::BulkString(channel), Value::BulkString(payload)])) => {
            hearing.hear(&channel, &Bytes::from(payload));
        }
        (PushKind::Disconnection, _) => hearing.broken("Redis ended the connection"),
        _ => {}
    }
}

impl PubSub {
    /// Publishes to all of these channels as one transaction, so that all get it or none.
    async fn say(&self, channels: &[String], payload: &[u8]) -> Result<(), PublishError> {
        if channels.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        if channels.len() > 1 {
            pipeline.atomic();
        }
        for channel in channels {
            pipeline.cmd("PUBLISH").arg(channel).arg(payload).ignore();
        }
        let mut connection = self.mouth.clone();
        let said = pipeline.query_async::<()>(&mut connection).await;
        said.map_err(|error| publish_error(&error))
    }

    fn rooms(&self, topics: &[Arc<str>]) -> Vec<String> {
        topics.iter().map(|topic| self.names.room(topic)).collect()
    }
}

impl Link for PubSub {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        let (names, payload) = self.names.publication(to, &body);
        async move { self.say(&names, &payload).await }.boxed()
    }

    fn probe(&self, number: u64) -> BoxFuture<'_, Result<(), PublishError>> {
        let (names, payload) = self.names.probe(number);
        async move { self.say(&names, &payload).await }.boxed()
    }

    fn listen<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        let mut connection = self.ear.clone();
        let listened = async move { connection.subscribe(self.rooms(topics)).await };
        listened.map(|result| result.map_err(|error| explain(&error))).boxed()
    }

    fn unlisten<'a>(&'a self, topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        let mut connection = self.ear.clone();
        let ended = async move { connection.unsubscribe(self.rooms(topics)).await };
        ended.map(|result| result.map_err(|error| explain(&error))).boxed()
    }
}
