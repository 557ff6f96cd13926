//! A hub so simple that one sees it is right: each question is asked of every subscription.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::RoomSketch;
use crate::{ConnectionId, Full, Limits, Match, Published, Statistics, Subscribed};

/// All subscriptions in one vector, and a count of what happened.
#[derive(Debug)]
pub struct Model {
    limits: Limits,
    subscriptions: Vec<Subscription>,
    happened: Statistics,
}

#[derive(Debug)]
struct Subscription {
    connection: ConnectionId,
    room: RoomSketch,
    id: String,
    since: u64,
}

impl Model {
    /// Makes a model without subscriptions.
    pub fn new(limits: Limits) -> Self {
        Self { limits, subscriptions: Vec::new(), happened: Statistics::default() }
    }

    /// `Hub::subscribe`.
    pub fn subscribe(
        &mut self,
        connection: ConnectionId,
        room: &RoomSketch,
        id: String,
        since: u64,
    ) -> Result<Subscribed, Full> {
        let own = |subscription: &&Subscription| subscription.connection == connection;
        let here = |subscription: &Subscription| subscription.room.meaning() == room.meaning();
        let mut owned = self.subscriptions.iter().filter(own);
        if owned.any(|subscription| here(subscription) && subscription.id == id) {
            return Ok(Subscribed::Already);
        }
        let count = self.subscriptions.iter().filter(own).count();
        if count >= self.limits.subscriptions_per_connection_max {
            self.happened.subscribes_refused_connection += 1;
            return Err(Full::Connection);
        }
        if !self.subscriptions.iter().any(here) && self.rooms().len() >= self.limits.rooms_max {
            self.happened.subscribes_refused_rooms += 1;
            return Err(Full::Rooms);
        }
        self.subscriptions.push(Subscription { connection, room: room.clone(), id, since });
        Ok(Subscribed::New)
    }

    /// `Hub::unsubscribe`.
    pub fn unsubscribe(&mut self, connection: ConnectionId, id: &str) -> usize {
        self.end(|subscription| subscription.connection == connection && subscription.id == id)
    }

    /// `Hub::retain` of what `allowed` covers, with the room and id of each that is dropped.
    pub fn retain(
        &mut self,
        connection: ConnectionId,
        allowed: &[RoomSketch],
    ) -> Vec<(String, String)> {
        let ends = |subscription: &Subscription| {
            let room = &subscription.room;
            subscription.connection == connection && !allowed.iter().any(|one| one.covers(room))
        };
        let dropped = self.subscriptions.iter().filter(|subscription| ends(subscription));
        let named = |dropped: &Subscription| (dropped.room.room().to_string(), dropped.id.clone());
        let dropped = dropped.map(named).collect();
        self.end(ends);
        dropped
    }

    /// `Hub::leave`.
    pub fn leave(&mut self, connection: ConnectionId) -> usize {
        self.end(|subscription| subscription.connection == connection)
    }

    /// `Hub::publish`, with everyone who hears it.
    pub fn publish(
        &mut self,
        rooms: &[RoomSketch],
        matching: Match,
        sequence: u64,
    ) -> (Published, Vec<(ConnectionId, String)>) {
        let mut published = Published::default();
        let (mut patterns, mut literals) = (Vec::new(), Vec::new());
        let mut left = self.limits.pattern_rooms_max;
        for room in rooms {
            let starred = room.meaning().values().any(|&value| value == 0);
            if matching == Match::Literal || !starred {
                literals.push(room.meaning());
                continue;
            }
            let same_keys =
                self.rooms().iter().filter(|open| open.keys().eq(room.meaning().keys())).count();
            if same_keys > left {
                published.patterns_refused += 1;
            } else {
                left -= same_keys;
                patterns.push(room);
            }
        }
        let hears = |subscription: &&Subscription| {
            let room = &subscription.room;
            let named = literals.contains(&room.meaning())
                || patterns.iter().any(|pattern| pattern.covers(room));
            named && subscription.since < sequence
        };
        let heard: Vec<_> = self
            .subscriptions
            .iter()
            .filter(hears)
            .map(|subscription| (subscription.connection, subscription.id.clone()))
            .collect();
        published.deliveries = heard.len();
        self.happened.publications += 1;
        self.happened.deliveries += heard.len() as u64;
        self.happened.patterns_refused += published.patterns_refused as u64;
        (published, heard)
    }

    /// `Hub::statistics`.
    pub fn statistics(&self) -> Statistics {
        let connections: BTreeSet<_> =
            self.subscriptions.iter().map(|subscription| subscription.connection).collect();
        Statistics {
            rooms: self.rooms().len(),
            subscriptions: self.subscriptions.len(),
            connections: connections.len(),
            ..self.happened
        }
    }

    fn rooms(&self) -> BTreeSet<BTreeMap<usize, usize>> {
        self.subscriptions.iter().map(|subscription| subscription.room.meaning()).collect()
    }

    fn end(&mut self, ends: impl Fn(&Subscription) -> bool) -> usize {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|subscription| !ends(subscription));
        before - self.subscriptions.len()
    }
}
