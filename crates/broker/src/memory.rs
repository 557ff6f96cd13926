//! A node alone: what is published comes back.

use crate::counters::Counting;
use crate::event::{Event, Events, Taken};
use crate::{Broker, Counters, ListenError, PublishError, Settings, State, To};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A broker without other nodes. It is always connected, and loses nothing.
#[derive(Debug)]
pub struct Memory {
    events: mpsc::Sender<Event>,
    message_bytes_max: usize,
    counting: Counting,
}

/// Starts one; needs no runtime.
pub fn start(settings: &Settings) -> (Arc<dyn Broker>, Events) {
    let (events, receiver) = mpsc::channel(settings.events_max.max(1));
    let message_bytes_max = settings.message_bytes_max;
    let memory = Memory { events, message_bytes_max, counting: Counting::default() };
    (Arc::new(memory), Events(receiver))
}

impl Memory {
    async fn send(&self, to: To<'_>, body: Bytes) -> Result<(), PublishError> {
        crate::broker::check(&body, self.message_bytes_max)?;
        let event = match to {
            To::Nodes => Event::Control { body },
            To::Rooms(_) | To::Everybody => Event::Publication { body, taken: Taken::default() },
        };
        if self.events.send(event).await.is_err() {
            self.counting.unavailable.count();
            return Err(PublishError::Unavailable(String::from("this node is stopping")));
        }
        self.counting.published.count();
        self.counting.received.count();
        Ok(())
    }
}

impl Broker for Memory {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        self.send(to, body).boxed()
    }

    fn listen<'a>(&'a self, _topic: &'a str) -> BoxFuture<'a, Result<(), ListenError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn unlisten(&self, _topic: &str) {}

    fn listens_by_room(&self) -> bool {
        false
    }

    fn state(&self) -> State {
        State::Connected
    }

    fn counters(&self) -> Counters {
        self.counting.read()
    }
}
