//! What is written down.

use crate::backend::User;
use crate::trigger::Exclude;
use campanile_hub::{Match, RequestId, Room};
use campanile_manager::{ConnectionKey, Loss, Unwritten};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

/// A trigger that came to the loops, or would have if it had not come before.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// When.
    pub at: Moment,
    /// Its number; of one that the loops of this node did not get, the number of the one before it.
    pub sequence: u64,
    /// By which it is known.
    pub id: Option<Box<str>>,
    /// Its rooms; of very many only the first.
    pub rooms: Box<[Room]>,
    /// How many rooms are not among those.
    pub rooms_left_out: usize,
    /// What a `*` in them means.
    pub matching: Match,
    /// Who does not get it.
    pub exclude: Exclude,
    /// The connection that does not get it, if it is one of this node.
    pub excluded: Option<ConnectionKey>,
    /// Whether its deliveries may give way to newer ones while a client reads slowly.
    pub may_give_way: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The loops of this node got it.
    Delivered,
    /// It came before, and was not published again.
    Duplicate,
    /// It was published, but not to this node: nobody here was in its rooms.
    NotForUs,
}

/// A trigger that was refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// When.
    pub at: Moment,
    /// Its id, if that could be read.
    pub id: Option<Box<str>>,
    /// Its rooms, as far as they could be read.
    pub rooms: Box<[Room]>,
    /// The word for why.
    pub code: &'static str,
    /// The same for a person.
    pub words: Box<str>,
}

/// A time in which this node heard nothing from the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From when on.
    pub from: Moment,
    /// Until when; none: it is not over.
    pub until: Option<Moment>,
    /// Whether something may be lost that was published in it.
    pub lost: bool,
}

/// Deliveries that gave way to newer ones, since a client read slowly.
#[derive(Clone, Debug)]
pub struct GaveWay {
    /// When that was noticed, at the latest.
    pub at: Moment,
    /// Whose.
    pub key: ConnectionKey,
    /// Which.
    pub loss: Loss,
}

/// Something that happened to a connection.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// To which.
    pub key: ConnectionKey,
    /// Whose that is.
    pub user: Option<User>,
    /// What.
    pub what: What,
}

/// What happened to a connection.
#[derive(Clone, Debug)]
pub enum What {
    /// It was opened.
    Connected,
    /// It was subscribed.
    Subscribed {
        /// To which room.
        room: Room,
        /// Under which id.
        id: RequestId,
        /// It hears what is numbered higher.
        since: u64,
    },
    /// It was not subscribed.
    Refused {
        /// To which room.
        room: Room,
        /// Why.
        why: WhyNot,
    },
    /// One of its subscriptions ended.
    Ended {
        /// To which room.
        room: Room,
        /// Under which id.
        id: RequestId,
        /// It heard what is numbered higher,
        since: u64,
        /// but not higher than this.
        until: u64,
        /// The backend does not allow the room any longer.
        is_revoked: bool,
    },
    /// All of its subscriptions ended with it.
    Left {
        /// The first of them: to what, under which id, since when.
        subscriptions: Box<[(Room, RequestId, u64)]>,
        /// They heard what is not numbered higher.
        until: u64,
    },
    /// Its client was too slow, and what waited for it was dropped.
    Shed(Unwritten),
    /// It ended before all that waited for it was written, and this was not.
    Cut(Unwritten),
    /// It ended.
    Disconnected {
        /// With which close code.
        code: u16,
        /// Whether this end closed it.
        by_us: bool,
        /// Whether both ends agreed to it.
        clean: bool,
        /// What was said.
        reason: Box<str>,
    },
}

/// Why a connection was not subscribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It may not hear the room. The allowed room that is nearest, of the first ones.
    NotAllowed(Option<Box<str>>),
    /// It has as many subscriptions as it may.
    TooManySubscriptions,
    /// There are as many rooms as there may be.
    TooManyRooms,
}

impl Moment {
    /// Returns the time as it is.
    pub fn now() -> Moment {
        Moment::of(SystemTime::now())
    }

    /// Returns the moment of a time.
    pub fn of(time: SystemTime) -> Moment {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// Returns how far two are apart.
    pub fn distance(self, other: Moment) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", crate::time::Time(UNIX_EPOCH + Duration::from_micros(self.0)))
    }
}

/// Bytes of the texts of some rooms.
pub(super) fn bytes_of<'a>(rooms: impl IntoIterator<Item = &'a Room>) -> usize {
    rooms.into_iter().map(|room| room.as_str().len() + size_of::<Room>()).sum()
}

impl Happening {
    /// Returns what it takes beside its own size.
    pub(super) fn bytes(&self) -> usize {
        match &self.what {
            What::Subscribed { room, .. } | What::Ended { room, .. } => bytes_of([room]),
            What::Refused { room, why } => {
                let nearest =
                    if let WhyNot::NotAllowed(Some(nearest)) = why { nearest.len() } else { 0 };
                bytes_of([room]) + nearest
            }
            What::Left { subscriptions, .. } => {
                bytes_of(subscriptions.iter().map(|(room, ..)| room))
                    + size_of_val(&**subscriptions)
            }
            What::Disconnected { reason, .. } => reason.len(),
            What::Connected | What::Shed(_) | What::Cut(_) => 0,
        }
    }
}
