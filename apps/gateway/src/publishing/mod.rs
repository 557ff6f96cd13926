//! The way of a trigger: to the broker, and with what comes back from it to the loops.
//!
//! This node, too, delivers only what the broker gave back. So all nodes deliver everything in the
//! broker's order, and each trigger once.

mod arrivals;
mod awaited;
mod gaps;
mod interest;

pub use arrivals::run;
pub use gaps::{Gap, OpenGap};
pub use interest::{Hearing, Interest};

use crate::config;
use crate::explain::{Fate, Noted};
use crate::metrics::Count;
use crate::recent::{Memory, Recent};
use crate::serve::Shared;
use crate::spans::Span;
use crate::trigger::Trigger;
use awaited::{Awaited, Outcome};
use bytes::{BufMut, Bytes, BytesMut};
use campanile_broker::{Broker, PublishError, State, To};
use campanile_hub::Match;
use campanile_manager::{Publication, Slow};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What this node publishes by, and remembers of it.
pub struct Publishing {
    /// The way to all nodes.
    pub broker: Arc<dyn Broker>,
    /// The ids of recent triggers.
    pub recent: Recent,
    /// What came back from the broker and could not be read.
    pub unreadable: Count,
    /// The rooms that this node listens for; none if it hears of all.
    interest: Option<Arc<Interest>>,
    awaited: Awaited,
    /// The loops are behind: their mailboxes are full, and publications wait for them.
    is_behind: AtomicBool,
    /// Whether somebody was told that a literal `*` reached nobody.
    star_is_settled: AtomicBool,
}

/// How a trigger was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// All nodes get it.
    Accepted,
    /// All nodes get it, and on this one it reached so many subscriptions; none: not known in time.
    Counted(Option<u64>),
    /// It came before, by its id, and is not published again.
    Duplicate,
}

/// Why a trigger was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPublished {
    /// This node's loops are behind. Nobody gets it.
    Behind,
    /// The broker did not take it.
    Broker(PublishError),
}

impl fmt::Display for NotPublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind => f.write_str("the loops are behind: nobody was told"),
            Self::Broker(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotPublished {}

/// How long the answer to a trigger waits for the loops to have counted.
const COUNTED_WITHIN: Duration = Duration::from_secs(5);

impl Publishing {
    /// Begins, with nothing published.
    pub fn new(broker: Arc<dyn Broker>, interest: Option<Arc<Interest>>) -> Publishing {
        Publishing {
            broker,
            interest,
            recent: Recent::new(),
            unreadable: Count::default(),
            awaited: Awaited::default(),
            is_behind: AtomicBool::new(false),
            star_is_settled: AtomicBool::new(false),
        }
    }

    /// Publishes a trigger that was read from `body`; if `counted`, and it has
    /// an id, waits for how many subscriptions it reaches on this node.
    ///
    /// # Errors
    ///
    /// If nobody gets it, or nobody knows.
    pub async fn publish(
        &self,
        body: Bytes,
        trigger: &Trigger,
        counted: bool,
        memory: Memory,
    ) -> Result<Published, NotPublished> {
        if self.is_behind.load(Relaxed) {
            return Err(NotPublished::Behind);
        }
        let known = |id: &str| self.recent.knows(id, memory, Instant::now());
        if trigger.lasting_id().is_some_and(known) {
            self.recent.duplicates.add();
            return Ok(Published::Duplicate);
        }
        if trigger.publication.rooms.is_empty() {
            // None of its rooms is one. Some brokers would take it for nothing at all.
            return Ok(if counted { Published::Counted(Some(0)) } else { Published::Accepted });
        }
        let Some(id) = trigger.id.as_deref().filter(|_| counted) else {
            self.send(body, trigger).await?;
            return Ok(Published::Accepted);
        };
        let mut arrival = self.awaited.wait_for(id);
        let comes_back = self.comes_back(&trigger.publication);
        self.send(body, trigger).await?;
        if !comes_back {
            return Ok(Published::Counted(Some(0)));
        }
        Ok(match tokio::time::timeout(COUNTED_WITHIN, arrival.outcome()).await {
            Ok(Some(Outcome::Reached(subscriptions))) => Published::Counted(Some(subscriptions)),
            Ok(Some(Outcome::Duplicate)) => Published::Duplicate,
            Ok(None) | Err(_) => Published::Counted(None),
        })
    }

    /// Returns whether a publication comes to this node too, as the broker sees it: whoever is
    /// subscribed here is listened for.
    pub fn comes_back(&self, publication: &Publication) -> bool {
        let interest = self.interest.as_ref().filter(|_| publication.matching == Match::Literal);
        interest.is_none_or(|interest| interest.hears_any(&publication.rooms))
    }

    async fn send(&self, body: Bytes, trigger: &Trigger) -> Result<(), NotPublished> {
        let publication = &trigger.publication;
        let is_for_rooms = self.broker.listens_by_room() && publication.matching == Match::Literal;
        let topics: Vec<&str> = publication.rooms.iter().map(|room| room.as_str()).collect();
        let to = if is_for_rooms { To::Rooms(&topics) } else { To::Everybody };
        let span = Span::within("publish", trigger.traceparent.as_deref());
        let published = self.broker.publish(to, body).await;
        if published.is_err() {
            span.fail("the broker did not take it");
        }
        published.map_err(NotPublished::Broker)
    }

    /// Returns why this node hears nothing at the moment; none when it does.
    pub fn trouble(&self) -> Option<String> {
        match self.broker.state() {
            State::Connected => None,
            State::Lost { since, why } => {
                Some(format!("the broker is lost since {}Z: {why}", crate::time::Time(since)))
            }
        }
    }
}

/// Puts a key with a text into the body of a trigger, which is an object that is not empty. It comes
/// last, since of a key that stands there twice the last counts: the body may have an `"id": null`.
pub fn with_key(body: &[u8], key: &'static str, text: &str) -> Bytes {
    let rest = body.trim_ascii_end();
    let rest = rest.strip_suffix(b"}").expect("a trigger is an object");
    let text = serde_json::to_string(text).expect("a text is always JSON");
    let mut named = BytesMut::with_capacity(rest.len() + key.len() + text.len() + 6);
    named.put_slice(rest);
    for part in [",\"", key, "\":", &text, "}"] {
        named.put_slice(part.as_bytes());
    }
    named.freeze()
}

/// Writes a trigger into the ledger that the loops of this node do not get.
pub fn note(shared: &Shared, fate: Fate, trigger: &Trigger) {
    let ledger = &shared.settings.ledger;
    if ledger.is_on() {
        ledger.passed(fate, Noted::of(shared, trigger, Slow::Close));
    }
}

/// Makes an id that no other trigger has.
pub fn new_id() -> Box<str> {
    let half = || getrandom::u64().expect("the operating system has random numbers");
    format!("{:016x}{:016x}", half(), half()).into()
}

/// Returns how long the ids of triggers are remembered, and how many.
pub fn memory(config: &config::Trigger) -> Memory {
    Memory { time: config.remember_ids, ids_max: config.ids_max }
}
