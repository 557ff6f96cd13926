//! What an application writes, and what it can do with a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use campanile_hub::{
    self as hub, ConnectionId, Full, Hub, Match, RequestId, Room, RoomChanges, Subscribed,
};
use campanile_wire::{CloseCode, Closed, Kind};

use crate::outbox::{Loss, Outbox, Pieces, Unwritten};
use crate::pauses::Pauses;

/// An application on a loop: one value for each loop, called from that loop's thread alone.
///
/// Its functions must not block: every connection of the loop waits meanwhile.
pub trait Service: Send + 'static {
    /// What the service keeps for each connection. Small: it is most of what an idle one costs.
    type Session: Send + 'static;
    /// What other threads may ask of the service, by [`Handle::command`](crate::Handle::command).
    type Command: Send + 'static;

    /// Greets a connection that was taken over; what came early is received after this.
    fn opened(&mut self, connection: &mut Connection<'_, Self::Session>);

    /// Answers a message.
    fn message(&mut self, connection: &mut Connection<'_, Self::Session>, message: Message<'_>);

    /// Hears that the subscriptions of a connection, which is closing or gone, are about to end. Not
    /// called for one that has none.
    fn leaving(&mut self, _connection: &Connection<'_, Self::Session>) {}

    /// Hears that a connection is closed since its client is too slow, and what waited for it and is
    /// dropped.
    fn shed(&mut self, _connection: &Connection<'_, Self::Session>, _dropped: Unwritten) {}

    /// Hears that a connection ended, or broke, before all that waited for it was written; and what was
    /// not.
    fn cut(&mut self, _connection: &Connection<'_, Self::Session>, _dropped: Unwritten) {}

    /// Takes leave of a connection, once for each that was opened. Its subscriptions are gone.
    fn closed(&mut self, key: ConnectionKey, session: Self::Session, closed: &Closed);

    /// Hears what subscriptions of a slow connection lost, of publications that may give way
    /// ([`Slow`](crate::Slow)), as soon as its client reads on: so that it can be told; or at its end,
    /// when it cannot. At most once in a turn for each connection, and once more at its end.
    fn lost(
        &mut self,
        _connection: &mut Connection<'_, Self::Session>,
        _losses: &[Loss],
        _can_be_told: bool,
    ) {
    }

    /// Hears that nothing waits any more for a connection that asked to be told so, by
    /// [`Connection::tell_when_written`]: the socket has taken all that was sent before.
    fn written(&mut self, _connection: &mut Connection<'_, Self::Session>) {}

    /// Hears which rooms of this loop opened and closed in a turn, if
    /// [`Config::watch_rooms`](crate::Config::watch_rooms) asks for it: so that it can fetch what is
    /// published to them. Another loop may have the same rooms.
    fn rooms_changed(&mut self, _changes: &RoomChanges) {}

    /// Does what another thread asked. `connections` finds the connections of this loop.
    fn command(&mut self, command: Self::Command, connections: &mut dyn Connections<Self::Session>);
}

/// The connections of one loop.
pub trait Connections<T> {
    /// Calls `visit` with the connection of that key; returns whether there is one.
    fn with(&mut self, key: ConnectionKey, visit: &mut dyn FnMut(&mut Connection<'_, T>)) -> bool;

    /// Calls `visit` with every open connection.
    fn each(&mut self, visit: &mut dyn FnMut(&mut Connection<'_, T>));

    /// Calls `visit` with the open connections from the slot `from` on, until it has been called with
    /// the last or returns false.
    fn walk(&mut self, from: ConnectionId, visit: &mut dyn FnMut(&mut Connection<'_, T>) -> bool);

    /// Returns what was not handed to the socket of a connection so far, even one that is closing, and
    /// what its subscriptions lost that the service did not hear of yet; none: there is no such
    /// connection.
    fn outstanding(&self, key: ConnectionKey) -> Option<(Unwritten, Vec<Loss>)>;

    /// Returns which loop this is.
    fn loop_index(&self) -> u16;

    /// Returns each room of this loop that a publication would reach, with how many of its
    /// subscriptions are of a connection that `counts`.
    fn audience(
        &self,
        rooms: &[Room],
        matching: Match,
        counts: &mut dyn FnMut(ConnectionId) -> bool,
    ) -> Vec<(Room, usize)>;

    /// Returns the loop's hub's numbers.
    fn hub(&self) -> hub::Statistics;

    /// Calls `visit` with the rooms of this loop on a page, each with how many subscriptions it has.
    fn rooms(&self, page: Page, visit: &mut dyn FnMut(&Room, usize));

    /// Calls `visit` with the subscriptions of a room on a page: whose, and under which id. Returns
    /// how many there are in all.
    fn subscribers(
        &self,
        room: &Room,
        page: Page,
        visit: &mut dyn FnMut(ConnectionKey, &RequestId),
    ) -> usize;

    /// Calls `visit` with the subscriptions of a connection on a page: to what, and under which id.
    /// Returns how many there are in all; none: there is no such connection.
    fn subscriptions(
        &self,
        key: ConnectionKey,
        page: Page,
        visit: &mut dyn FnMut(&Room, &RequestId),
    ) -> Option<usize>;
}

/// A part of a list that may be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many to pass over.
    pub offset: usize,
    /// How many to take.
    pub limit: usize,
}

/// A message from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

/// Which connection: no two of a process are the same, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionKey {
    /// The loop that owns it.
    pub loop_index: u16,
    /// Its place there, which others have after it.
    pub slot: ConnectionId,
    /// How many connections the loop had before it.
    pub serial: u64,
}

impl fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.loop_index, self.serial)
    }
}

/// A connection, as a service sees it while it is called.
#[derive(Debug)]
pub struct Connection<'a, T> {
    pub(crate) key: ConnectionKey,
    pub(crate) session: &'a mut T,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) desk: &'a mut Desk,
}

/// What the services of a loop write on during a turn; the loop reads it at the turn's end.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) now: Instant,
    /// The number of the publication accepted last when this was last looked at.
    pub(crate) sequence: u64,
    /// The number of the publication that this loop delivered last.
    pub(crate) delivered: u64,
    pub(crate) hub: Hub,
    pub(crate) pieces: Pieces,
    /// Messages sent to one connection, ever.
    pub(crate) messages_sent: u64,
    /// Connections with something in the outbox.
    pub(crate) dirty: Vec<ConnectionId>,
    /// Connections that a service wants closed: a map, since many may be in one turn.
    pub(crate) closings: BTreeMap<ConnectionId, Closing>,
    pub(crate) pauses: Pauses,
    /// Connections whose service wants to hear when all is written: asked in this turn.
    pub(crate) awaiting: Vec<ConnectionId>,
    /// The same, asked earlier of clients that were slow since.
    pub(crate) strained: BTreeSet<ConnectionId>,
}

/// A service's wish to close a connection.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) code: CloseCode,
    pub(crate) reason: String,
}

impl Desk {
    pub(crate) fn is_closing(&self, slot: ConnectionId) -> bool {
        self.closings.contains_key(&slot)
    }
}

impl<T> Connection<'_, T> {
    /// Returns which connection this is.
    pub fn key(&self) -> ConnectionKey {
        self.key
    }

    /// Returns when this turn began.
    pub fn now(&self) -> Instant {
        self.desk.now
    }

    /// Returns what the service keeps for it.
    pub fn session(&self) -> &T {
        self.session
    }

    /// Returns what the service keeps for it, to be changed.
    pub fn session_mut(&mut self) -> &mut T {
        self.session
    }

    /// Sends a text message. It leaves at the end of the turn, with all else for this connection.
    pub fn send_text(&mut self, text: &str) {
        self.send(Kind::Text, text.as_bytes());
    }

    /// Sends a binary message.
    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.send(Kind::Binary, bytes);
    }

    fn send(&mut self, kind: Kind, payload: &[u8]) {
        if self.desk.is_closing(self.key.slot) {
            return;
        }
        self.desk.messages_sent += 1;
        if self.outbox.push_message(&mut self.desk.pieces, kind, payload) {
            self.desk.dirty.push(self.key.slot);
        }
    }

    /// Closes the connection, after what was sent. Nothing more is received from it.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        let closing = self.desk.closings.entry(self.key.slot);
        closing.or_insert_with(|| Closing { code, reason: reason.to_owned() });
    }

    /// Reads nothing more from its client until [`resume`](Self::resume): so that a client which is
    /// faster than its messages can be worked off has to wait, by TCP's own means.
    ///
    /// No message is received after this, not even of those that have been read already. Pings and
    /// closes of the client wait too, and its silence is not held against it. A pause ends with a
    /// [`close`](Self::close) from this side.
    pub fn pause(&mut self) {
        if !self.desk.is_closing(self.key.slot) {
            self.desk.pauses.begin(self.key.slot);
        }
    }

    /// Reads on, from the end of this turn.
    pub fn resume(&mut self) {
        self.desk.pauses.end(self.key.slot);
    }

    /// Has [`Service::written`] called once the socket has taken all that was sent up to this turn's
    /// end: with this turn, unless the client is slow.
    pub fn tell_when_written(&mut self) {
        self.desk.awaiting.push(self.key.slot);
    }

    /// Subscribes it to a room. It gets every publication accepted from now on, and none earlier.
    ///
    /// # Errors
    ///
    /// If the connection or the hub has as many as it may have.
    pub fn subscribe(&mut self, room: Room, id: RequestId) -> Result<Subscribed, Full> {
        self.desk.hub.subscribe(self.key.slot, room, id, self.desk.sequence)
    }

    /// Ends all its subscriptions under `id`, and returns how many those were.
    pub fn unsubscribe(&mut self, id: &RequestId) -> usize {
        self.desk.hub.unsubscribe(self.key.slot, id)
    }

    /// Does the same, and tells `told` of each of them before it ends: which room, and above which
    /// number it heard publications.
    pub fn unsubscribe_each(&mut self, id: &RequestId, told: impl FnMut(&Room, u64)) -> usize {
        self.desk.hub.unsubscribe_each(self.key.slot, id, told)
    }

    /// Ends those of its subscriptions whose rooms `keep` does not want; returns how many. `dropped`
    /// is told of each of them.
    pub fn retain_subscriptions(
        &mut self,
        keep: impl FnMut(&Room) -> bool,
        dropped: impl FnMut(&Room, &RequestId),
    ) -> usize {
        self.desk.hub.retain(self.key.slot, keep, dropped)
    }

    /// Returns its subscriptions: to which room, under which id, and above which number each hears
    /// publications.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&Room, &RequestId, u64)> {
        self.desk.hub.subscriptions_since(self.key.slot)
    }

    /// Returns how many subscriptions it has.
    pub fn subscription_count(&self) -> usize {
        self.desk.hub.subscription_count(self.key.slot)
    }

    /// Returns the number of the publication accepted last: a subscription made now hears those above.
    pub fn accepted(&self) -> u64 {
        self.desk.sequence
    }

    /// Returns the number of the publication that its loop delivered last: a subscription that ends now
    /// has heard those up to it.
    pub fn delivered(&self) -> u64 {
        self.desk.delivered
    }

    /// Returns how many bytes wait for its client, which did not read them so far.
    pub fn bytes_waiting(&self) -> usize {
        self.outbox.bytes_waiting()
    }

    /// Returns whether it is subscribed to anything.
    pub fn is_subscribed(&self) -> bool {
        self.desk.hub.is_subscribed(self.key.slot)
    }

    /// Returns what the hub of this loop has now; the loops' own counters are a turn behind.
    pub fn hub_statistics(&self) -> hub::Statistics {
        self.desk.hub.statistics()
    }
}
