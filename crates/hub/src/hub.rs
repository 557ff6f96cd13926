//! Who is subscribed to what, and who therefore hears a publication.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use crate::changes::Touched;
use crate::directory::{Directory, OpenRoom};
use crate::request_id::RequestId;
use crate::room::Room;
use crate::subscription::{Seat, Seats, Subscription, deliver_to};
use crate::terms::{Full, Limits, Match, Published, Statistics, Subscribed};

/// The number by which a loop knows a connection. The loop gives low numbers, and gives them again:
/// the hub's memory grows with the highest that is subscribed.
pub type ConnectionId = u32;

/// The subscriptions of all connections of one loop.
///
/// A subscription is a connection, a room and a request id. The same three again are still one
/// subscription; a room under two ids is two, and so are two rooms under one id, which end together.
/// A room is there while somebody is subscribed to it.
///
/// ```
/// # use campanile_hub::{Hub, Limits, Match, RequestId, Room, Subscribed};
/// let mut hub = Hub::new(Limits::default());
/// let penguins = Room::parse(r#"{"zoo": 1, "animal": "penguin"}"#)?;
/// let id = RequestId::parse(r#""birds""#).ok_or("an id is a scalar")?;
/// assert_eq!(hub.subscribe(7, penguins.clone(), id.clone(), 0), Ok(Subscribed::New));
///
/// let mut heard = Vec::new();
/// let published = hub.publish(&[penguins], Match::Literal, 1, |connection, id| {
///     heard.push((connection, id.clone()));
/// });
/// assert_eq!(heard, [(7, id)]);
/// assert_eq!(published.deliveries, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Hub {
    pub(crate) limits: Limits,
    pub(crate) directory: Directory,
    /// By connection.
    seats: Vec<Seats>,
    id_hasher: RandomState,
    /// None: nobody wants to know.
    pub(crate) touched: Option<Touched>,
    statistics: Statistics,
}

impl Hub {
    /// Makes a hub without subscriptions.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            directory: Directory::new(),
            seats: Vec::new(),
            id_hasher: RandomState::new(),
            touched: None,
            statistics: Statistics::default(),
        }
    }

    /// Subscribes a connection to a room, under an id. Whether it may is for
    /// [`Permissions`](crate::Permissions) to say.
    ///
    /// `since` is the sequence number at that moment: publications numbered `since` or lower were
    /// made before, and do not reach this subscription.
    ///
    /// # Errors
    ///
    /// Says which limit was met; then nothing has changed.
    pub fn subscribe(
        &mut self,
        connection: ConnectionId,
        room: Room,
        id: RequestId,
        since: u64,
    ) -> Result<Subscribed, Full> {
        let id_hash = self.hash_id(&id);
        let known = self.directory.find(&room);
        let seats = self.seats_of(connection);
        if let Some(known) = known
            && seats.iter().any(|seat| seat.room == known && self.has_id(seat, id_hash, &id))
        {
            return Ok(Subscribed::Already);
        }
        if seats.len() >= self.limits.subscriptions_per_connection_max {
            self.statistics.subscribes_refused_connection += 1;
            return Err(Full::Connection);
        }
        if known.is_none() && self.directory.len() >= self.limits.rooms_max {
            self.statistics.subscribes_refused_rooms += 1;
            return Err(Full::Rooms);
        }
        let room = known.unwrap_or_else(|| {
            self.touched.iter_mut().for_each(|touched| touched.open(&room));
            self.directory.open(room)
        });
        self.add_subscription(connection, room, id, id_hash, since);
        Ok(Subscribed::New)
    }

    /// Ends all subscriptions that a connection has under an id; returns how many.
    ///
    /// Takes longer the more subscriptions the connection has (about a nanosecond for each), and
    /// as long for a room of many as for a room of one.
    pub fn unsubscribe(&mut self, connection: ConnectionId, id: &RequestId) -> usize {
        self.unsubscribe_each(connection, id, |_, _| {})
    }

    /// Does the same, and tells `told` of each of them before it ends: which room, and above which
    /// number it heard publications.
    pub fn unsubscribe_each(
        &mut self,
        connection: ConnectionId,
        id: &RequestId,
        mut told: impl FnMut(&Room, u64),
    ) -> usize {
        let id_hash = self.hash_id(id);
        let mut ended = 0;
        // From the end, since the last seat takes the place of the one that goes.
        for index in (0..self.seats_of(connection).len()).rev() {
            let seat = self.seats_of(connection)[index];
            if self.has_id(&seat, id_hash, id) {
                let open = self.directory.room(seat.room);
                told(open.room(), open.subscriptions[seat.position as usize].since);
                self.end_subscription(connection, index);
                ended += 1;
            }
        }
        self.trim_seats();
        ended
    }

    /// Ends those subscriptions of a connection whose rooms `keep` does not want; returns how many.
    /// `dropped` is told of each of them, in no order, before it ends; the others stay as they are.
    pub fn retain(
        &mut self,
        connection: ConnectionId,
        mut keep: impl FnMut(&Room) -> bool,
        mut dropped: impl FnMut(&Room, &RequestId),
    ) -> usize {
        let mut ended = 0;
        // From the end, since the last seat takes the place of the one that goes.
        for index in (0..self.seats_of(connection).len()).rev() {
            let Seat { room, position, .. } = self.seats_of(connection)[index];
            let open = self.directory.room(room);
            if !keep(open.room()) {
                dropped(open.room(), &open.subscriptions[position as usize].id);
                self.end_subscription(connection, index);
                ended += 1;
            }
        }
        self.trim_seats();
        ended
    }

    /// Returns whether a connection has a subscription.
    pub fn is_subscribed(&self, connection: ConnectionId) -> bool {
        !self.seats_of(connection).is_empty()
    }

    /// Ends all subscriptions of a connection; returns how many.
    pub fn leave(&mut self, connection: ConnectionId) -> usize {
        let count = self.seats_of(connection).len();
        for index in (0..count).rev() {
            self.end_subscription(connection, index);
        }
        self.trim_seats();
        count
    }

    /// Delivers one publication: calls `deliver` once for each subscription of each of `rooms`,
    /// also if a room is listed twice or several patterns cover it.
    ///
    /// `sequence` is the publication's number, which counts up from one to the next.
    pub fn publish(
        &mut self,
        rooms: &[Room],
        matching: Match,
        sequence: u64,
        mut deliver: impl FnMut(ConnectionId, &RequestId),
    ) -> Published {
        self.publish_by_room(rooms, matching, sequence, |_, connection, id| deliver(connection, id))
    }

    /// Delivers one publication, as [`publish`](Self::publish), and tells for each delivery which room
    /// the subscription is of; all of a room come together.
    pub fn publish_by_room(
        &mut self,
        rooms: &[Room],
        matching: Match,
        sequence: u64,
        mut deliver: impl FnMut(&Room, ConnectionId, &RequestId),
    ) -> Published {
        self.statistics.publications += 1;
        let publication = self.statistics.publications;
        let mut published = Published::default();
        let mut deliver_once = |open: &mut OpenRoom| {
            if open.last_publication != publication {
                open.last_publication = publication;
                let mut deliver = |connection, id: &_| deliver(open.room(), connection, id);
                published.deliveries += deliver_to(&open.subscriptions, sequence, &mut deliver);
            }
        };
        let mut pattern_rooms_left = self.limits.pattern_rooms_max;
        for room in rooms {
            if matching == Match::Pattern && room.has_star() {
                match pattern_rooms_left.checked_sub(self.directory.rooms_with_keys_of(room)) {
                    Some(left) => {
                        pattern_rooms_left = left;
                        self.directory.visit_covered(room, &mut deliver_once);
                    }
                    None => published.patterns_refused += 1,
                }
            } else if let Some(number) = self.directory.find(room) {
                deliver_once(self.directory.room_mut(number));
            }
        }
        self.statistics.deliveries += published.deliveries as u64;
        self.statistics.patterns_refused += published.patterns_refused as u64;
        published
    }

    /// Returns what there is, and what was done since the hub was made.
    pub fn statistics(&self) -> Statistics {
        Statistics { rooms: self.directory.len(), ..self.statistics }
    }

    pub(crate) fn seats_of(&self, connection: ConnectionId) -> &[Seat] {
        self.seats.get(connection as usize).map_or(&[], Seats::as_slice)
    }

    fn has_id(&self, seat: &Seat, id_hash: u32, id: &RequestId) -> bool {
        seat.id_hash == id_hash
            && self.directory.room(seat.room).subscriptions[seat.position as usize].id == *id
    }

    fn hash_id(&self, id: &RequestId) -> u32 {
        self.id_hasher.hash_one(id) as u32
    }

    /// Adds a subscription at the end of the room's, and its seat at the end of the connection's.
    fn add_subscription(
        &mut self,
        connection: ConnectionId,
        room: u32,
        id: RequestId,
        id_hash: u32,
        since: u64,
    ) {
        let index = connection as usize;
        if self.seats.len() <= index {
            self.seats.resize_with(index + 1, Seats::default);
        }
        let seats = &mut self.seats[index];
        let subscriptions = &mut self.directory.room_mut(room).subscriptions;
        if subscriptions.is_empty() {
            // Most rooms never see a second one.
            subscriptions.reserve_exact(1);
        }
        let seat = seats.as_slice().len() as u32;
        seats.push(Seat { room, position: subscriptions.len() as u32, id_hash });
        subscriptions.push(Subscription { connection, seat, since, id });
        self.statistics.connections += usize::from(seat == 0);
        self.statistics.subscriptions += 1;
    }

    /// Ends the subscription that has a connection's seat `index`. In the room and with the
    /// connection the last takes its place, and the other half of each learns where it is now.
    fn end_subscription(&mut self, connection: ConnectionId, index: usize) {
        let seats = &mut self.seats[connection as usize];
        let Seat { room, position, .. } = seats.swap_remove(index);
        if let Some(moved) = seats.as_slice().get(index) {
            let subscriptions = &mut self.directory.room_mut(moved.room).subscriptions;
            subscriptions[moved.position as usize].seat = index as u32;
        }
        self.statistics.connections -= usize::from(seats.as_slice().is_empty());
        self.statistics.subscriptions -= 1;

        let subscriptions = &mut self.directory.room_mut(room).subscriptions;
        subscriptions.swap_remove(position as usize);
        if let Some(moved) = subscriptions.get(position as usize) {
            let seats = &mut self.seats[moved.connection as usize];
            seats.as_mut_slice()[moved.seat as usize].position = position;
        }
        if subscriptions.is_empty() {
            let open = self.directory.room(room);
            self.touched.iter_mut().for_each(|touched| touched.close(open.room()));
            self.directory.close(room);
        } else if subscriptions.capacity() > 4 * subscriptions.len() {
            subscriptions.shrink_to(2 * subscriptions.len());
        }
    }

    /// Gives back the memory of connections at the end that have no subscription.
    fn trim_seats(&mut self) {
        while let Some(Seats::None) = self.seats.last() {
            self.seats.pop();
        }
        if self.seats.capacity() > 4 * self.seats.len().max(16) {
            self.seats.shrink_to(2 * self.seats.len());
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limits, statistics, .. } = self;
        f.debug_struct("Hub")
            .field("limits", limits)
            .field("statistics", statistics)
            .finish_non_exhaustive()
    }
}
