//! A loop's connections, each in its slot.

use campanile_hub::{self as hub, ConnectionId, Match, RequestId, Room};
use campanile_wire::WebSocket;
use slab::Slab;

use crate::outbox::{Loss, Outbox, Unwritten};
use crate::service::{Connection, ConnectionKey, Connections, Desk, Page};
use crate::timers::Tick;

/// All that a loop keeps for one connection.
pub(crate) struct Entry<K, T> {
    pub(crate) socket: K,
    pub(crate) websocket: WebSocket,
    pub(crate) outbox: Outbox,
    pub(crate) session: T,
    pub(crate) serial: u64,
    /// When its timer rings.
    pub(crate) armed: Tick,
    /// Its socket may take bytes: it has not refused any since it last said so.
    pub(crate) writable: bool,
    /// It stands on the list of sockets that had more than one turn's share to read.
    pub(crate) unread: bool,
    /// Its stream has ended behind what can still be read.
    pub(crate) stream_ended: bool,
    /// Its stream was read to the end.
    pub(crate) has_hung_up: bool,
    /// It stands on the list of connections that end with this turn.
    pub(crate) ending: bool,
    /// Nothing more will be written; what comes is read and thrown away until the peer hangs up.
    pub(crate) lingering: bool,
}

/// The connections as a service's command sees them.
pub(crate) struct Visit<'a, K, T> {
    pub(crate) loop_index: u16,
    pub(crate) entries: &'a mut Slab<Entry<K, T>>,
    pub(crate) desk: &'a mut Desk,
}

impl<K, T> Entry<K, T> {
    /// Returns whether a service may still send to it, and subscribe it.
    pub(crate) fn can_send(&self) -> bool {
        !self.ending && self.websocket.can_send()
    }

    /// Returns this connection as a service sees it.
    pub(crate) fn connection<'a>(
        &'a mut self,
        loop_index: u16,
        slot: u32,
        desk: &'a mut Desk,
    ) -> Connection<'a, T> {
        let key = ConnectionKey { loop_index, slot, serial: self.serial };
        Connection { key, session: &mut self.session, outbox: &mut self.outbox, desk }
    }
}

impl<K, T> Connections<T> for Visit<'_, K, T> {
    fn with(&mut self, key: ConnectionKey, visit: &mut dyn FnMut(&mut Connection<'_, T>)) -> bool {
        let Some(entry) = self.entries.get_mut(key.slot as usize) else { return false };
        if entry.serial != key.serial || !entry.can_send() {
            return false;
        }
        visit(&mut entry.connection(self.loop_index, key.slot, self.desk));
        true
    }

    fn each(&mut self, visit: &mut dyn FnMut(&mut Connection<'_, T>)) {
        for (slot, entry) in self.entries.iter_mut() {
            if entry.can_send() {
                visit(&mut entry.connection(self.loop_index, slot as u32, self.desk));
            }
        }
    }

    fn walk(&mut self, from: ConnectionId, visit: &mut dyn FnMut(&mut Connection<'_, T>) -> bool) {
        for slot in from as usize..self.entries.capacity() {
            let entry = self.entries.get_mut(slot).filter(|entry| entry.can_send());
            let connection =
                entry.map(|entry| entry.connection(self.loop_index, slot as u32, self.desk));
            if connection.is_some_and(|mut connection| !visit(&mut connection)) {
                return;
            }
        }
    }

    fn outstanding(&self, key: ConnectionKey) -> Option<(Unwritten, Vec<Loss>)> {
        let entry = self.entries.get(key.slot as usize)?;
        let outbox = (entry.serial == key.serial).then_some(&entry.outbox)?;
        Some((outbox.unwritten(&self.desk.pieces), outbox.losses()))
    }

    fn loop_index(&self) -> u16 {
        self.loop_index
    }

    fn audience(
        &self,
        rooms: &[Room],
        matching: Match,
        counts: &mut dyn FnMut(ConnectionId) -> bool,
    ) -> Vec<(Room, usize)> {
        self.desk.hub.audience(rooms, matching, counts)
    }

    fn hub(&self) -> hub::Statistics {
        self.desk.hub.statistics()
    }

    fn rooms(&self, page: Page, visit: &mut dyn FnMut(&Room, usize)) {
        for (room, subscriptions) in self.desk.hub.rooms().skip(page.offset).take(page.limit) {
            visit(room, subscriptions);
        }
    }

    fn subscribers(
        &self,
        room: &Room,
        page: Page,
        visit: &mut dyn FnMut(ConnectionKey, &RequestId),
    ) -> usize {
        let subscribers = self.desk.hub.subscribers(room);
        for (slot, id) in subscribers.skip(page.offset).take(page.limit) {
            let serial = self.entries[slot as usize].serial;
            visit(ConnectionKey { loop_index: self.loop_index, slot, serial }, id);
        }
        self.desk.hub.subscribers(room).count()
    }

    fn subscriptions(
        &self,
        key: ConnectionKey,
        page: Page,
        visit: &mut dyn FnMut(&Room, &RequestId),
    ) -> Option<usize> {
        self.entries.get(key.slot as usize).filter(|entry| entry.serial == key.serial)?;
        let subscriptions = self.desk.hub.subscriptions(key.slot);
        for (room, id) in subscriptions.skip(page.offset).take(page.limit) {
            visit(room, id);
        }
        Some(self.desk.hub.subscriptions(key.slot).count())
    }
}
