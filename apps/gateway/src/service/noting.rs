//! What is written into the ledger, so that it can be explained who got what.

use super::{Gateway, Session};
use crate::explain::difference::nearest_allowed;
use crate::explain::{What, WhyNot};
use campanile_hub::{Permissions, RequestId, Room, Subscribed};
use campanile_manager::{Connection, ConnectionKey, Unwritten};
use campanile_wire::{Closed, Side};

/// Of a connection's subscriptions at its end, how many are written down.
const SUBSCRIPTIONS_MAX: usize = 64;
/// How many allowed rooms are looked at for the one that is nearest to what was refused: a client may
/// ask often.
const ALLOWED_MAX: usize = 32;

impl Gateway {
    fn note(&self, connection: &Connection<'_, Session>, what: What) {
        let user = connection.session().user();
        self.settings.ledger.happened(connection.key(), user, what);
    }

    fn is_noting(&self) -> bool {
        self.settings.ledger.is_on()
    }

    pub(super) fn note_connected(&self, connection: &Connection<'_, Session>) {
        self.note(connection, What::Connected);
    }

    pub(super) fn note_subscribed(
        &self,
        connection: &Connection<'_, Session>,
        room: &Room,
        id: &RequestId,
        subscribed: Subscribed,
    ) {
        if self.is_noting() && subscribed == Subscribed::New {
            let (room, id, since) = (room.clone(), id.clone(), connection.accepted());
            self.note(connection, What::Subscribed { room, id, since });
        }
    }

    pub(super) fn note_not_allowed(&self, connection: &Connection<'_, Session>, room: &Room) {
        if self.is_noting() {
            let allowed = connection.session().permissions().map(|allowed| allowed.rooms());
            let nearest = allowed.and_then(|rooms| nearest_allowed(room, rooms, ALLOWED_MAX));
            let why = WhyNot::NotAllowed(nearest.map(Into::into));
            self.note(connection, What::Refused { room: room.clone(), why });
        }
    }

    pub(super) fn note_full(&self, connection: &Connection<'_, Session>, room: &Room, why: WhyNot) {
        if self.is_noting() {
            self.note(connection, What::Refused { room: room.clone(), why });
        }
    }

    /// Unsubscribes, and writes down from what.
    pub(super) fn note_unsubscribed(
        &self,
        connection: &mut Connection<'_, Session>,
        id: &RequestId,
    ) -> usize {
        if !self.is_noting() {
            return connection.unsubscribe(id);
        }
        let until = connection.delivered();
        let mut ended = Vec::new();
        let count =
            connection.unsubscribe_each(id, |room, since| ended.push((room.clone(), since)));
        for (room, since) in ended {
            let (id, is_revoked) = (id.clone(), false);
            self.note(connection, What::Ended { room, id, since, until, is_revoked });
        }
        count
    }

    /// Writes down which subscriptions are about to be revoked; none allows: all of them.
    pub(super) fn note_revoking(
        &self,
        connection: &Connection<'_, Session>,
        permissions: Option<&Permissions>,
    ) {
        if !self.is_noting() {
            return;
        }
        let until = connection.delivered();
        let is_over = |room: &Room| permissions.is_none_or(|permissions| !permissions.allows(room));
        for (room, id, since) in connection.subscriptions().filter(|(room, ..)| is_over(room)) {
            let (room, id, is_revoked) = (room.clone(), id.clone(), true);
            self.note(connection, What::Ended { room, id, since, until, is_revoked });
        }
    }

    pub(super) fn note_leaving(&self, connection: &Connection<'_, Session>) {
        if self.is_noting() {
            let some = connection.subscriptions().take(SUBSCRIPTIONS_MAX);
            let some = some.map(|(room, id, since)| (room.clone(), id.clone(), since));
            let (subscriptions, until) = (some.collect(), connection.delivered());
            self.note(connection, What::Left { subscriptions, until });
        }
    }

    pub(super) fn note_shed(&self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        self.note(connection, What::Shed(dropped));
    }

    pub(super) fn note_cut(&self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        self.note(connection, What::Cut(dropped));
    }

    pub(super) fn note_disconnected(&self, key: ConnectionKey, session: &Session, closed: &Closed) {
        if self.is_noting() && session.permissions().is_some() {
            let (code, by_us) = (closed.code.number(), closed.by == Side::Us);
            let (clean, reason) = (closed.clean, closed.reason.clone());
            let what = What::Disconnected { code, by_us, clean, reason };
            self.settings.ledger.happened(key, session.user(), what);
        }
    }
}
