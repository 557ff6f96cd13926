//! What nodes wish of each other: that connections are closed, or their rights renewed; and what they
//! ask each other.
//!
//! A wish is JSON: `{"version": 1, "node": …, "do": "disconnect_user", …}`. What a node does not
//! understand it ignores and counts, so that nodes of different versions can stand side by side.

mod asking;
mod neighbours;

pub use asking::{Answers, Questions, answer_all};
pub use neighbours::{Neighbours, announce};

use crate::metrics::Count;
use crate::names::Uuid;
use crate::serve::Shared;
use asking::{Answer, Ask, Open, questions};
use bytes::Bytes;
use campanile_broker::To;
use campanile_manager::{ConnectionKey, PostError};
use campanile_wire::CloseCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// The version of what is written here.
const VERSION: u32 = 1;
/// Wishes of other nodes that may wait for loops which are behind.
const WAITING_MAX: usize = 1024;
/// Other nodes that are remembered.
const NODES_MAX: usize = 1024;
/// How often a loop that is behind is told again, and how long to wait between.
const ATTEMPTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// What a node wishes of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// To close the connections of a user.
    DisconnectUser {
        /// Whose.
        user: Box<str>,
        /// With which code.
        code: u16,
        /// What the clients are told.
        reason: Box<str>,
    },
    /// To have the backend asked again for the connections of a user.
    RevalidateUser {
        /// Whose.
        user: Box<str>,
    },
    /// To have the backend asked again for all connections.
    RevalidateAll,
    /// To close a connection.
    DisconnectConnection {
        /// Its name.
        connection: Box<str>,
        /// With which code.
        code: u16,
        /// What its client is told.
        reason: Box<str>,
    },
    /// To have the backend asked again for a connection.
    RevalidateConnection {
        /// Its name.
        connection: Box<str>,
    },
}

/// A wish on its way.
#[derive(Serialize, Deserialize)]
struct Message {
    version: u32,
    node: Box<str>,
    #[serde(flatten)]
    order: Order,
}

/// What says what a message is.
#[derive(Deserialize)]
struct Head {
    version: u32,
    node: Box<str>,
    r#do: Box<str>,
}

/// What became of telling the other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// They were told.
    Told,
    /// The broker is lost, or did not confirm it: wish again.
    NotTold,
    /// There is no broker, so there are none.
    None,
    /// It is done already.
    NotNeeded,
}

/// This node among the others.
pub struct Control {
    /// What this node is called.
    pub node: Box<str>,
    has_others: bool,
    waiting: mpsc::Sender<Order>,
    asked: mpsc::Sender<Ask>,
    open: Open,
    /// The other nodes that were heard of lately.
    pub neighbours: Neighbours,
    /// What was wished.
    pub counters: Counters,
}

/// Wishes between nodes, counted.
#[derive(Debug, Default)]
pub struct Counters {
    /// Sent to the others.
    pub sent: Count,
    /// That could not be sent.
    pub unsent: Count,
    /// Of others, and done.
    pub done: Count,
    /// Of others, in words that this node does not know.
    pub unknown: Count,
    /// Of others, and not done since the loops were too far behind.
    pub undone: Count,
    /// Answers of other nodes that did not come in time.
    pub unanswered: Count,
}

/// The wishes of other nodes, to be done one after the other.
pub struct Wishes(mpsc::Receiver<Order>);

impl Control {
    /// Makes it, with a name for this node that no other has.
    pub fn new(has_others: bool) -> (Control, Wishes, Questions) {
        let (waiting, wishes) = mpsc::channel(WAITING_MAX);
        let (asked, questions) = questions();
        let control = Control {
            node: node_name(),
            has_others,
            waiting,
            asked,
            open: Open::default(),
            neighbours: Neighbours::default(),
            counters: Counters::default(),
        };
        (control, Wishes(wishes), questions)
    }

    /// Returns whether there may be other nodes.
    pub fn has_others(&self) -> bool {
        self.has_others
    }

    /// Takes what came from the broker.
    pub fn take(&self, body: &[u8]) {
        if self.read(body).is_none() {
            self.counters.unknown.add();
            tracing::debug!("another node wishes for something that this one does not know");
        }
    }

    /// Reads what came, and passes it on; none if it means nothing here.
    fn read(&self, body: &[u8]) -> Option<()> {
        let head: Head = serde_json::from_slice(body).ok()?;
        if head.version != VERSION {
            return None;
        }
        // What this node wished for it has done.
        if head.node == self.node {
            return Some(());
        }
        self.neighbours.heard_of(&head.node);
        let is_taken = match &*head.r#do {
            "here" => true,
            "ask" => self.asked.try_send(serde_json::from_slice(body).ok()?).is_ok(),
            "answer" => {
                let answer: Answer = serde_json::from_slice(body).ok()?;
                if answer.is_for(&self.node) {
                    self.open.take(answer);
                }
                true
            }
            _ => {
                let message: Message = serde_json::from_slice(body).ok()?;
                self.waiting.try_send(message.order).is_ok()
            }
        };
        if !is_taken {
            self.counters.undone.add();
        }
        Some(())
    }
}

impl Counters {
    /// Returns each outcome by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("sent", &self.sent),
            ("unsent", &self.unsent),
            ("done", &self.done),
            ("unknown", &self.unknown),
            ("undone", &self.undone),
            ("unanswered", &self.unanswered),
        ]
        .map(|(outcome, count)| (outcome, count.get()))
        .into_iter()
    }
}

/// The machine's name, and something that tells this process from any other on it.
fn node_name() -> Box<str> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "node" } else { host };
    let number = getrandom::u32().expect("the operating system has random numbers");
    format!("{host}-{number:08x}").into()
}

/// Does what other nodes wish for, for as long as the process runs.
pub async fn run(shared: Arc<Shared>, mut wishes: Wishes) {
    while let Some(order) = wishes.0.recv().await {
        let counters = &shared.control.counters;
        for attempt in 1..=ATTEMPTS {
            match shared.obey(&order) {
                Ok(connections) => {
                    tracing::debug!(connections, "done, as another node wished");
                    counters.done.add();
                    break;
                }
                Err(PostError::Full) if attempt < ATTEMPTS => tokio::time::sleep(PAUSE).await,
                Err(_) => {
                    counters.undone.add();
                    break;
                }
            }
        }
    }
}

impl Shared {
    /// Does on this node what is wished for; returns for how many connections.
    ///
    /// # Errors
    ///
    /// If a loop is too far behind: wish again, some were not told.
    pub fn obey(&self, order: &Order) -> Result<usize, PostError> {
        let close = |code| CloseCode::from_wire(code).unwrap_or(CloseCode::POLICY);
        match order {
            Order::DisconnectUser { user, code, reason } => {
                self.disconnect_user(user, close(*code), reason)
            }
            Order::RevalidateUser { user } => self.revalidate_user(user),
            Order::RevalidateAll => self.revalidate_all(),
            Order::DisconnectConnection { connection, code, reason } => self
                .with_key(connection, |key| self.disconnect_connection(key, close(*code), reason)),
            Order::RevalidateConnection { connection } => {
                self.with_key(connection, |key| self.revalidate_connection(key))
            }
        }
    }

    /// Does something with the connection of a name; for a name of another node, with none.
    fn with_key(
        &self,
        name: &str,
        then: impl FnOnce(ConnectionKey) -> Result<bool, PostError>,
    ) -> Result<usize, PostError> {
        let key = name.parse::<Uuid>().ok().and_then(|name| self.settings.names.key(name));
        key.map_or(Ok(0), |key| then(key).map(usize::from))
    }

    /// Wishes the other nodes to do it.
    pub async fn tell_others(&self, order: &Order) -> Others {
        let control = &self.control;
        if !control.has_others {
            return Others::None;
        }
        let (node, order) = (control.node.clone(), order.clone());
        let message = serde_json::to_vec(&Message { version: VERSION, node, order });
        let body = Bytes::from(message.expect("texts and numbers are always JSON"));
        match self.publishing.broker.publish(To::Nodes, body).await {
            Ok(()) => {
                control.counters.sent.add();
                Others::Told
            }
            Err(error) => {
                control.counters.unsent.add();
                tracing::warn!("the other nodes were not told: {error}");
                Others::NotTold
            }
        }
    }
}
