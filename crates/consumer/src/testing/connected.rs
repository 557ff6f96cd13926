//! A client that was let in.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use campanile_manager::ConnectionKey;
use tokio::sync::Notify;

use super::Stage;
use crate::line::Order;
use crate::{Close, CloseCode, FromMessage, IntoMessage, Message};

/// A client that was let in. Dropping it is a client that is suddenly gone.
pub struct Connected {
    stage: Arc<Stage>,
    told: Arc<Notify>,
    subprotocol: Option<String>,
    received: VecDeque<Message>,
    closed: Option<Close>,
    /// The consumer does not want to be sent more.
    is_paused: bool,
    within: Duration,
}

/// How long a client waits for a message, as in Django Channels.
const WITHIN: Duration = Duration::from_secs(1);
/// How long a client listens for nothing, as in Django Channels.
const NOTHING_WITHIN: Duration = Duration::from_millis(100);

impl Connected {
    pub(super) fn new(
        stage: Arc<Stage>,
        told: Arc<Notify>,
        subprotocol: Option<String>,
    ) -> Connected {
        // It is the only connection of its loop, so to speak.
        stage.line.opens(ConnectionKey { loop_index: 0, slot: 0, serial: 1 });
        let (received, closed, is_paused) = Default::default();
        Connected { stage, told, subprotocol, received, closed, is_paused, within: WITHIN }
    }

    /// Sets how long it waits for what is expected; a second if nothing is said.
    pub fn wait_for(&mut self, within: Duration) {
        self.within = within;
    }

    /// Returns the subprotocol that the consumer has chosen.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Sends a message, as soon as the consumer takes more.
    ///
    /// # Panics
    ///
    /// If it cannot be written, or the consumer takes nothing more for too long.
    pub async fn send(&mut self, message: impl IntoMessage) {
        self.look();
        while self.is_paused {
            self.wait("it takes no more messages").await;
        }
        let message = message.into_message().expect("the message can be written");
        self.is_paused = self.stage.line.incoming.push(message);
    }

    /// Waits for a message.
    ///
    /// # Panics
    ///
    /// If none comes in time, the consumer closes, or the message is no `T`.
    pub async fn receive<T: FromMessage>(&mut self) -> T {
        loop {
            self.look();
            if let Some(message) = self.received.pop_front() {
                let shown = format!("{message:?}");
                return T::from_message(message)
                    .unwrap_or_else(|invalid| panic!("{invalid}: the consumer sent {shown}"));
            }
            if let Some(Close { code, reason }) = &self.closed {
                panic!("a message was expected, but the consumer closed: {code} {reason}");
            }
            self.wait("no message came").await;
        }
    }

    /// Returns a message that has come already, if one has.
    pub fn try_receive(&mut self) -> Option<Message> {
        self.look();
        self.received.pop_front()
    }

    /// Returns whether nothing comes for a tenth of a second.
    pub async fn receive_nothing(&mut self) -> bool {
        self.receive_nothing_for(NOTHING_WITHIN).await
    }

    /// Returns whether nothing comes for so long.
    pub async fn receive_nothing_for(&mut self, time: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + time;
        loop {
            self.look();
            if !self.received.is_empty() || self.closed.is_some() {
                return false;
            }
            if tokio::time::timeout_at(deadline, self.told.notified()).await.is_err() {
                return true;
            }
        }
    }

    /// Waits until the consumer closes.
    ///
    /// # Panics
    ///
    /// If it does not in time, or sends a message instead.
    pub async fn receive_close(&mut self) -> Close {
        loop {
            self.look();
            if let Some(message) = self.received.front() {
                panic!("a close was expected, but the consumer sent {message:?}");
            }
            if let Some(close) = &self.closed {
                return close.clone();
            }
            self.wait("it did not close").await;
        }
    }

    /// Closes with 1000, and waits until the consumer has taken leave.
    pub async fn disconnect(self) {
        self.disconnect_with(CloseCode::NORMAL).await;
    }

    /// Closes with a code, and waits until the consumer has taken leave.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn disconnect_with(mut self, code: CloseCode) {
        self.look();
        self.stage.line.ends(code);
        if let Some(task) = self.stage.take_task() {
            let left = tokio::time::timeout(self.within, task).await;
            left.expect("the consumer has taken leave in time").expect("its task does not panic");
        }
    }

    /// Does what the consumer has ordered, as a loop would.
    fn look(&mut self) {
        for order in self.stage.line.outgoing.take() {
            match order {
                Order::Send(message) if self.closed.is_none() => self.received.push_back(message),
                Order::Close(close) if self.closed.is_none() => {
                    self.stage.line.ends(close.code);
                    self.closed = Some(close);
                }
                Order::Subscribe(berth) => self.received.extend(berth.stay_ashore()),
                Order::Resume => self.is_paused = false,
                Order::Send(_) | Order::Close(_) | Order::Unsubscribe(_) => {}
            }
        }
        self.stage.line.outgoing.written();
    }

    async fn wait(&mut self, otherwise: &str) {
        let within = self.within;
        if tokio::time::timeout(within, self.told.notified()).await.is_err() {
            panic!("the consumer was waited for, {within:?}: {otherwise}");
        }
        self.look();
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.stage.line.ends(CloseCode::ABNORMAL);
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Connected");
        shown.field("received", &self.received).field("closed", &self.closed);
        shown.finish_non_exhaustive()
    }
}
