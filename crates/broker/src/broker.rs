//! The promise of a broker, and the calls.

use crate::Counters;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::fmt;
use std::time::SystemTime;

/// The way from this node to every node, this one included.
///
/// # The promise
///
/// *Order.* Publications that one node published one after the other (the second after the first
/// was confirmed) are heard in that order by every node. With RabbitMQ, and with Redis, all nodes
/// hear the same order; with NATS those of different nodes may be heard in different orders.
///
/// *Once.* A node hears a publication at most once, however many rooms it names. Nothing is ever
/// published again by the broker's own decision.
///
/// *Loss.* What was published while a node was [`State::Connected`], and confirmed, reaches it.
/// Nothing else is lost in silence: each time that something may be missing is enclosed by an
/// [`Event::Lost`](crate::Event::Lost), which says since when, and an
/// [`Event::Back`](crate::Event::Back), which says until when. With
/// Redis Streams the time between may turn out to have lost nothing.
///
/// *Noticing.* A connection that breaks is noticed at once. One that is silent (a frozen broker, a
/// cut line) is noticed within `silence` of [`Settings`](crate::Settings), as a probe that the
/// node publishes to itself does not come back.
///
/// *Reconnection.* It is tried for ever, at first soon and then every few seconds; everything that
/// the node listened to is listened to again before `Back`.
pub trait Broker: Send + Sync {
    /// Publishes to all nodes that listen, this one included.
    ///
    /// Resolves once the broker has confirmed that it has it. While the broker is lost it fails
    /// at once.
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>>;

    /// Listens for a topic (a room's canonical JSON) from now on, and again after each reconnect.
    ///
    /// Resolves once the broker has confirmed it: what is confirmed as published afterwards is
    /// heard. Listening twice is listening once.
    fn listen<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<(), ListenError>>;

    /// No longer listens for a topic. What is on its way may still be heard.
    fn unlisten(&self, topic: &str);

    /// Says whether a node must [`listen`](Self::listen) to hear of a room; if not, it hears of
    /// every room and both calls do nothing.
    fn listens_by_room(&self) -> bool;

    /// Returns whether the broker can be reached now.
    fn state(&self) -> State;

    /// Returns what was counted since the start.
    fn counters(&self) -> Counters;
}

/// To whom something is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To<'a> {
    /// Those who listen to any of these topics; each hears it once, as [`Event::Publication`].
    ///
    /// [`Event::Publication`]: crate::Event::Publication
    Rooms(&'a [&'a str]),
    /// Every node, as [`Event::Publication`](crate::Event::Publication), whatever it listens to.
    Everybody,
    /// Every node, as [`Event::Control`](crate::Event::Control). Only Campanile's nodes hear it.
    Nodes,
}

/// Why a publication was not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishError {
    /// The broker is lost, for this reason; nobody gets it.
    Unavailable(String),
    /// It was sent but not confirmed, for this reason; some or all may get it, or nobody.
    Unconfirmed(String),
    /// It is longer than `message_bytes_max`, or no broker would carry it; nobody gets it.
    Refused(String),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "not published, the broker is lost: {why}"),
            Self::Unconfirmed(why) => {
                write!(f, "the broker did not confirm it, perhaps it was published: {why}")
            }
            Self::Refused(why) => write!(f, "not published: {why}"),
        }
    }
}

impl std::error::Error for PublishError {}

/// Why a topic is not listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenError {
    /// Not yet: the broker is lost. The topic is remembered and listened to before the next
    /// [`Event::Back`](crate::Event::Back), unless it is given up by [`Broker::unlisten`].
    Later,
    /// There are `topics_max` already. It is not remembered.
    Full,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Later => "the broker is lost; it will be listened to when it is back",
            Self::Full => "this node listens to as many rooms as it may (topics_max)",
        })
    }
}

impl std::error::Error for ListenError {}

/// Whether the broker can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything is established, and the latest probe has come back in time.
    Connected,
    /// It cannot; or it could not be reached yet since the start.
    Lost {
        /// When the last probe that came back was sent; at first, when it was started.
        since: SystemTime,
        /// What happened and what to do, for a person.
        why: String,
    },
}

/// Refuses what no node would take.
pub(crate) fn check(body: &[u8], bytes_max: usize) -> Result<(), PublishError> {
    if body.len() > bytes_max {
        let bytes = body.len();
        let why = format!("it has {bytes} bytes, and message_bytes_max is {bytes_max}");
        return Err(PublishError::Refused(why));
    }
    if std::str::from_utf8(body).is_err() {
        return Err(PublishError::Refused(String::from("it is not UTF-8")));
    }
    Ok(())
}
