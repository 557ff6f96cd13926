//! Who is where, for those who operate a gateway. Not for the road: a list may be long.

use crate::hub::{ConnectionId, Hub};
use crate::request_id::RequestId;
use crate::room::Room;

impl Hub {
    /// Returns whether anybody is subscribed to a room.
    pub fn has_room(&self, room: &Room) -> bool {
        self.directory.find(room).is_some()
    }

    /// Returns all rooms, each with how many subscriptions it has, in an order that stays while none
    /// opens or closes.
    pub fn rooms(&self) -> impl Iterator<Item = (&Room, usize)> {
        self.directory.all().map(|open| (open.room(), open.subscriptions.len()))
    }

    /// Returns the subscriptions of a room: of which connection, under which id.
    pub fn subscribers(&self, room: &Room) -> impl Iterator<Item = (ConnectionId, &RequestId)> {
        let open = self.directory.find(room).map(|number| self.directory.room(number));
        let subscriptions = open.map_or(&[][..], |open| &open.subscriptions);
        subscriptions.iter().map(|subscription| (subscription.connection, &subscription.id))
    }

    /// Returns the subscriptions of a connection: to which room, under which id.
    pub fn subscriptions(
        &self,
        connection: ConnectionId,
    ) -> impl Iterator<Item = (&Room, &RequestId)> {
        self.subscriptions_since(connection).map(|(room, id, _)| (room, id))
    }

    /// Returns the same, each with the number above which it hears publications.
    pub fn subscriptions_since(
        &self,
        connection: ConnectionId,
    ) -> impl Iterator<Item = (&Room, &RequestId, u64)> {
        self.seats_of(connection).iter().map(|seat| {
            let open = self.directory.room(seat.room);
            let subscription = &open.subscriptions[seat.position as usize];
            (open.room(), &subscription.id, subscription.since)
        })
    }

    /// Returns how many subscriptions a connection has.
    pub fn subscription_count(&self, connection: ConnectionId) -> usize {
        self.seats_of(connection).len()
    }
}
