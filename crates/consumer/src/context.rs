//! What a consumer can do.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use campanile_layer::{self as layer, Layer, LayerError, Reach};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::consumer::FastLane;
use crate::events;
use crate::line::{Line, Order, Unsent};
use crate::message::{IntoMessage, Unwritable};
use crate::relay::Membership;
use crate::server::Inner;
use crate::{Close, CloseCode, Consumer};

/// What a consumer can do: speak to its client, to groups and to other consumers.
pub struct Context<C> {
    pub(crate) server: Arc<Inner>,
    pub(crate) client: Client,
    pub(crate) channel_name: Box<str>,
    pub(crate) work: JoinSet<()>,
    lanes: HashMap<String, Membership>,
    consumer: PhantomData<fn() -> C>,
}

/// A consumer's client, to be sent messages from anywhere: from work that the consumer has
/// [spawned](Context::spawn), for one. Clones are the same client.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Line>);

impl Client {
    /// Sends a message. Where the client has not taken enough of what was sent before, that is waited
    /// for: `send_within` at most, then the connection is closed (1013).
    ///
    /// # Errors
    ///
    /// If it cannot be written, or the client is gone or too slow.
    pub async fn send(&self, message: impl IntoMessage) -> Result<(), Unsent> {
        let message = message.into_message().map_err(|Unwritable(why)| Unsent::Unwritable(why))?;
        self.0.send(message).await
    }

    /// Closes the connection, after what was sent before. Nothing more is received from the client.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.0.order(Order::Close(Close::new(code, reason)));
    }
}

/// A consumer has as much work under way as it may, `work_max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchWork;

impl fmt::Display for TooMuchWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a consumer has as much work under way as it may (work_max)")
    }
}

impl std::error::Error for TooMuchWork {}

impl<C: Consumer> Context<C> {
    pub(crate) fn new(server: &Arc<Inner>, line: &Arc<Line>, channel_name: &str) -> Context<C> {
        Context {
            server: Arc::clone(server),
            client: Client(Arc::clone(line)),
            channel_name: channel_name.into(),
            work: JoinSet::new(),
            lanes: HashMap::new(),
            consumer: PhantomData,
        }
    }

    /// Sends a message to the client, as [`Client::send`] does.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or the client is gone or too slow.
    pub async fn send(&mut self, message: impl IntoMessage + Send) -> Result<(), Unsent> {
        self.client.send(message).await
    }

    /// Closes the connection, after what was sent before. Nothing more is received from the client.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        self.client.close(code, reason);
    }

    /// Returns the client, for work that goes on beside.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns the channel layer.
    pub fn layer(&self) -> &Layer {
        &self.server.layer
    }

    /// Returns the name of this consumer's channel, by which others can send to it.
    pub fn channel_name(&self) -> &str {
        &self.channel_name
    }

    /// Joins a group. When it returns, what is sent to the group reaches
    /// [`event`](Consumer::event). It is left at the consumer's end.
    ///
    /// # Errors
    ///
    /// If the name is bad, or the layer cannot be reached, or a limit is met.
    pub async fn group_add(&mut self, group: &str) -> Result<(), LayerError> {
        self.server.layer.group_add(group, &self.channel_name).await
    }

    /// Joins a group by the [fast lane](FastLane): when it returns, what is sent to the group reaches
    /// the client, made a message once for all consumers. This consumer is not woken.
    ///
    /// An event and what a consumer itself sends go different ways: their order is not kept.
    ///
    /// # Errors
    ///
    /// If the name is bad, or the layer cannot be reached, or a limit is met.
    pub async fn group_add_fast(&mut self, group: &str) -> Result<(), LayerError>
    where
        C: FastLane,
    {
        if !self.lanes.contains_key(group) {
            let membership = Membership::join::<C>(&self.server, group, &self.client.0).await?;
            self.lanes.insert(group.to_owned(), membership);
        }
        Ok(())
    }

    /// Leaves a group, however it was joined.
    ///
    /// # Errors
    ///
    /// If the name is bad, or the layer is closed.
    pub async fn group_discard(&mut self, group: &str) -> Result<(), LayerError> {
        if let Some(membership) = self.lanes.remove(group) {
            self.client.0.order(Order::Unsubscribe(membership.room().clone()));
        }
        self.server.layer.group_discard(group, &self.channel_name).await
    }

    /// Sends an event to all members of a group, wherever they are: this consumer included, if it is
    /// one. Anything that serde writes as a map with a `type` is one.
    ///
    /// # Errors
    ///
    /// If it is no event, or the name is bad, or the layer cannot be reached.
    pub async fn group_send(
        &self,
        group: &str,
        event: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Reach, layer::SendError> {
        self.server.layer.group_send(group, &events::written(event)?).await
    }

    /// Sends an event to one consumer, by its [channel's name](Self::channel_name), or to a general
    /// channel.
    ///
    /// # Errors
    ///
    /// If it is no event, or the channel is full, or the name is bad, or the layer cannot be reached.
    pub async fn send_to(
        &self,
        channel: &str,
        event: &(impl Serialize + Sync + ?Sized),
    ) -> Result<(), layer::SendError> {
        self.server.layer.send(channel, &events::written(event)?).await
    }

    /// Begins work that goes on beside the consumer, and is ended with it: before
    /// [`disconnect`](Consumer::disconnect). If it panics, so does the consumer.
    ///
    /// # Errors
    ///
    /// If there is too much of it already.
    pub fn spawn(
        &mut self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), TooMuchWork> {
        if self.work.len() >= self.server.limits.work_max {
            return Err(TooMuchWork);
        }
        self.work.spawn(work);
        Ok(())
    }
}

impl<C> fmt::Debug for Context<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("channel_name", &self.channel_name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
