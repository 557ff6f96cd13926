//! A node of a test: publishes, and says what it heard.

use bytes::Bytes;
use campanile_broker::{Broker, BrokerUrl, Event, Events, PublishError, Settings, State, To};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long a test waits for what must happen, whatever the machine does meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Node {
    pub(crate) broker: Arc<dyn Broker>,
    events: Events,
}

/// Makes changes to the settings of a test's nodes.
pub(crate) type Tune = fn(&mut Settings);

pub(crate) fn settings(url: BrokerUrl, exchange: &str, tune: impl Fn(&mut Settings)) -> Settings {
    let mut settings = Settings::new(url);
    settings.exchange = exchange.to_owned();
    tune(&mut settings);
    settings
}

impl Node {
    /// Starts a node and waits until it is connected.
    pub(crate) async fn start(settings: &Settings) -> Node {
        let (broker, events) = campanile_broker::start(settings);
        let mut node = Node { broker, events };
        if node.broker.state() != State::Connected {
            node.wait_for_back().await;
        }
        node
    }

    /// Goes on as a node that takes whatever it hears.
    pub(crate) fn hearing(self) -> Hearing {
        let mut events = self.events;
        tokio::spawn(async move { while events.next().await.is_some() {} });
        Hearing(self.broker)
    }

    pub(crate) async fn event(&mut self) -> Event {
        let event = tokio::time::timeout(PATIENCE, self.events.next()).await;
        event.expect("something happens").expect("the broker was not stopped")
    }

    /// Returns the next publication, which must be the next thing that is heard.
    pub(crate) async fn hears(&mut self) -> String {
        match self.event().await {
            Event::Publication { body, .. } => text(&body),
            other => panic!("not a publication: {other:?}"),
        }
    }

    pub(crate) async fn hears_control(&mut self) -> String {
        match self.event().await {
            Event::Control { body } => text(&body),
            other => panic!("not a control message: {other:?}"),
        }
    }

    /// Returns everything that is heard up to and without `last`.
    pub(crate) async fn hears_until(&mut self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let text = self.hears().await;
            if text == last {
                return heard;
            }
            heard.push(text);
        }
    }

    /// Waits until the broker is lost; returns since when.
    pub(crate) async fn wait_for_lost(&mut self) -> SystemTime {
        loop {
            if let Event::Lost { since, .. } = self.event().await {
                assert!(matches!(self.broker.state(), State::Lost { .. }));
                return since;
            }
        }
    }

    /// Waits until it is back; returns whether something may be lost and since when, and what was
    /// heard before that.
    pub(crate) async fn wait_for_back(&mut self) -> (bool, SystemTime, Vec<String>) {
        let mut heard = Vec::new();
        loop {
            match self.event().await {
                Event::Back { lost, from, until } => {
                    assert!(from <= until);
                    return (lost, from, heard);
                }
                Event::Publication { body, .. } => heard.push(text(&body)),
                Event::Lost { .. } | Event::Control { .. } => {}
            }
        }
    }

    pub(crate) async fn listen(&self, topic: &str) {
        self.broker.listen(topic).await.expect("the broker confirms it");
    }

    pub(crate) async fn publish(&self, to: To<'_>, text: &str) {
        self.try_to_publish(to, text).await.expect("the broker confirms it");
    }

    pub(crate) async fn try_to_publish(&self, to: To<'_>, text: &str) -> Result<(), PublishError> {
        self.broker.publish(to, Bytes::copy_from_slice(text.as_bytes())).await
    }
}

/// A node that takes whatever it hears, and says nothing of it.
pub(crate) struct Hearing(Arc<dyn Broker>);

impl Hearing {
    pub(crate) async fn publish(&mut self, to: To<'_>, text: &str) {
        let body = Bytes::copy_from_slice(text.as_bytes());
        self.0.publish(to, body).await.expect("the broker confirms it");
    }
}

fn text(body: &Bytes) -> String {
    String::from_utf8(body.to_vec()).expect("only text is heard")
}

/// Returns why a broker cannot be connected to.
pub(crate) async fn why_not(settings: Settings) -> String {
    let (broker, events) = campanile_broker::start(&settings);
    let mut node = Node { broker, events };
    match node.event().await {
        Event::Lost { why, .. } => why,
        other => panic!("not lost: {other:?}"),
    }
}
