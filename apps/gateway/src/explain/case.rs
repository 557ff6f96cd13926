//! What is known of one connection, put together from the ledger and from its loop.

use super::record::{Fate, GaveWay, Happening, Moment, Trigger, What, WhyNot};
use crate::backend::User;
use campanile_hub::{Match, Permissions, RequestId, Room};
use campanile_manager::{ConnectionKey, Loss, Unwritten};
use std::sync::Arc;

/// A connection's life, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) key: ConnectionKey,
    pub(super) user: Option<User>,
    pub(super) connected: Option<Moment>,
    pub(super) ended: Option<End>,
    pub(super) spans: Vec<Span>,
    pub(super) refused: Vec<(Moment, Room, WhyNot)>,
    /// What gave way to newer deliveries.
    pub(super) losses: Vec<Loss>,
    /// What was never written, and when that was known.
    pub(super) dropped: Vec<(Moment, Unwritten, Drop)>,
    /// What waits for its client.
    pub(super) waiting: Unwritten,
    pub(super) live: Option<Live>,
}

/// Why something was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drop {
    /// The client was too slow.
    Shed,
    /// The connection ended.
    Cut,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) at: Moment,
    pub(super) code: u16,
    pub(super) by_us: bool,
    pub(super) clean: bool,
    pub(super) reason: Box<str>,
}

/// A subscription, while it lasted.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) room: Room,
    pub(super) id: RequestId,
    /// It hears what is numbered higher,
    pub(super) since: u64,
    /// and not higher than this, if it ended.
    pub(super) until: Option<u64>,
    pub(super) began: Option<Moment>,
    pub(super) ended: Option<(Moment, Ending)>,
}

/// How a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Unsubscribed,
    Revoked,
    /// With its connection.
    Left,
}

/// What the loop says of a connection that has not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Outstanding {
    pub(super) waiting: Unwritten,
    /// What gave way, and is not written down yet.
    pub(super) losses: Vec<Loss>,
    /// None for one that is closing.
    pub(super) live: Option<Live>,
}

/// What the loop says of a connection that is open.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) user: Option<User>,
    /// The number of the publication that the loop delivered last.
    pub(super) delivered: u64,
    pub(super) permissions: Option<Arc<Permissions>>,
    pub(super) subscriptions: Vec<(Room, RequestId, u64)>,
}

impl Span {
    /// Returns whether it is for a room that a trigger names.
    pub(super) fn is_meant(&self, trigger: &Trigger) -> bool {
        names(trigger, &self.room)
    }

    /// Returns whether it was there when a trigger came.
    pub(super) fn hears(&self, trigger: &Trigger) -> bool {
        if trigger.fate != Fate::Delivered {
            let is_over = self.ended.is_some_and(|(at, _)| at <= trigger.at);
            return self.since <= trigger.sequence && !is_over;
        }
        !self.is_later(trigger) && self.until.is_none_or(|until| trigger.sequence <= until)
    }

    /// Returns whether it was made after a trigger came.
    pub(super) fn is_later(&self, trigger: &Trigger) -> bool {
        let number = trigger.sequence + u64::from(trigger.fate != Fate::Delivered);
        self.since >= number
    }
}

/// Returns whether a trigger is for a room.
pub(super) fn names(trigger: &Trigger, room: &Room) -> bool {
    trigger
        .rooms
        .iter()
        .any(|named| named == room || (trigger.matching == Match::Pattern && named.covers(room)))
}

impl History {
    /// Begins that of a connection of which nothing is known.
    pub(super) fn new(key: ConnectionKey) -> History {
        History {
            key,
            user: None,
            connected: None,
            ended: None,
            spans: Vec::new(),
            refused: Vec::new(),
            losses: Vec::new(),
            dropped: Vec::new(),
            waiting: Unwritten::default(),
            live: None,
        }
    }

    /// Adds what happened next.
    pub(super) fn add(&mut self, happening: &Happening) {
        let at = happening.at;
        self.user = happening.user.clone().or(self.user.take());
        match &happening.what {
            What::Connected => self.connected = Some(at),
            What::Subscribed { room, id, since } => {
                self.begin(room, id, *since).began = Some(at);
            }
            What::Refused { room, why } => self.refused.push((at, room.clone(), why.clone())),
            What::Ended { room, id, since, until, is_revoked } => {
                let ending = if *is_revoked { Ending::Revoked } else { Ending::Unsubscribed };
                self.begin(room, id, *since).end(*until, at, ending);
            }
            What::Left { subscriptions, until } => {
                for (room, id, since) in subscriptions {
                    self.begin(room, id, *since);
                }
                let open = self.spans.iter_mut().filter(|span| span.until.is_none());
                open.for_each(|span| span.end(*until, at, Ending::Left));
            }
            What::Shed(dropped) => self.dropped.push((at, *dropped, Drop::Shed)),
            What::Cut(dropped) => self.dropped.push((at, *dropped, Drop::Cut)),
            What::Disconnected { code, by_us, clean, reason } => {
                let (code, by_us, clean, reason) = (*code, *by_us, *clean, reason.clone());
                self.ended = Some(End { at, code, by_us, clean, reason });
            }
        }
    }

    /// Begins that of a connection that has not ended, with what its loop says.
    pub(super) fn of(key: ConnectionKey, outstanding: Outstanding) -> History {
        let Outstanding { waiting, losses, live } = outstanding;
        let mut history = History { waiting, losses, ..History::new(key) };
        if let Some(live) = live {
            for (room, id, since) in &live.subscriptions {
                history.begin(room, id, *since);
            }
            history.user = live.user.clone();
            history.live = Some(live);
        }
        history
    }

    /// Adds what gave way.
    pub(super) fn gave_way(&mut self, gave_way: GaveWay) {
        self.losses.push(gave_way.loss);
    }

    /// Returns the subscription that is open since that number; if it is not known, it is from now on.
    fn begin(&mut self, room: &Room, id: &RequestId, since: u64) -> &mut Span {
        let is_it = |span: &Span| {
            span.until.is_none() && span.since == since && span.room == *room && span.id == *id
        };
        let index = self.spans.iter().position(is_it).unwrap_or_else(|| {
            let (room, id) = (room.clone(), id.clone());
            self.spans.push(Span { room, id, since, until: None, began: None, ended: None });
            self.spans.len() - 1
        });
        &mut self.spans[index]
    }
}

impl Span {
    fn end(&mut self, until: u64, at: Moment, ending: Ending) {
        (self.until, self.ended) = (Some(until), Some((at, ending)));
    }
}
