//! The gateway on a loop: greets its connections and does what their clients ask.

mod gaps;
mod noting;
mod rate;
mod renewal;
mod session;
#[cfg(test)]
mod tests;
mod waiting;

pub use rate::{LiveRate, Rate};
pub use session::{Admission, Origin, Permit, Session};

use crate::backend::Presence;
use crate::command::Command;
use crate::config::Limits;
use crate::explain::{Ledger, WhyNot};
use crate::names::Names;
use crate::publishing::{Interest, OpenGap};
use crate::reply::{self, REFUSAL, Reply, Speech};
use crate::request::Request;
use crate::revalidate::Revalidation;
use crate::status::Status;
use crate::users::Users;
use campanile_hub::{Full, RequestId, Room, RoomChanges};
use campanile_manager::service::Connections;
use campanile_manager::{Connection, ConnectionKey, Handle, Loss, Message, Service, Unwritten};
use campanile_wire::{CloseCode, Closed};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};
use waiting::Held;

/// The gateway's part of one loop.
pub struct Gateway {
    settings: Arc<Settings>,
    /// What this loop wants to hear of, where the broker has to know.
    held: Option<Held>,
    /// The youngest connection that was there when the last gap ended.
    gap_ended_after: Option<u64>,
    /// Where replies are written; it keeps its memory.
    output: String,
}

/// What the gateways of all loops share.
pub struct Settings {
    /// The loops, once they run: for the status.
    pub handle: OnceLock<Handle<Gateway>>,
    /// When the process began.
    pub online_since: SystemTime,
    /// Messages that a client may send.
    pub rate: LiveRate,
    /// Whose connections there are.
    pub users: Arc<Users>,
    /// What asks the backend again, once it runs.
    pub revalidation: OnceLock<Revalidation>,
    /// What happened.
    pub counters: ServiceCounters,
    /// Where [`Pace`] counts from.
    epoch: Instant,
    /// What connections are called.
    pub names: Names,
    /// The rooms that the broker has to know of; none if it need not.
    pub interest: Option<Arc<Interest>>,
    /// Bytes of one client's requests that may wait for the broker.
    pub waiting_bytes_max: usize,
    /// The time since which something may be missing, while the broker is lost.
    pub gap: OpenGap,
    /// What happened lately; nothing is written down unless it is set.
    pub ledger: Ledger,
}

/// What the gateways of all loops count together.
#[derive(Debug, Default)]
pub struct ServiceCounters {
    /// Connections that were let in and are open now.
    pub authorized: AtomicU64,
    /// Connections that were opened only to be told that they are not let in.
    pub refused: AtomicU64,
    /// Requests that were answered by an error, or by nothing in the dialect of 2.5.
    pub errors: AtomicU64,
    /// Subscribes refused because of `subscriptions_per_connection_max`.
    pub too_many_subscriptions: AtomicU64,
    /// Subscribes refused because of `rooms_max`.
    pub too_many_rooms: AtomicU64,
    /// Connections closed because too many of their requests waited for the broker.
    pub too_many_waiting: AtomicU64,
    /// Connections closed because of `messages_per_s`.
    pub rate_limited: AtomicU64,
    /// Subscriptions that ended because the backend does not allow their room any longer.
    pub revoked: AtomicU64,
    /// Times that a subscription lost deliveries since its client reads slowly, and it was told.
    pub losses_told: AtomicU64,
    /// The same, where the client could not be told.
    pub losses_untold: AtomicU64,
    /// Connections closed since something may be missing and they know no word for it.
    pub unaware_closed: AtomicU64,
}

impl Settings {
    /// Takes what concerns the gateway out of the configuration.
    pub fn new(limits: &Limits, interest: Option<Arc<Interest>>) -> Settings {
        Settings {
            handle: OnceLock::new(),
            online_since: SystemTime::now(),
            rate: LiveRate::of(limits),
            revalidation: OnceLock::new(),
            users: Users::new(limits.connections_per_user_max),
            counters: ServiceCounters::default(),
            epoch: Instant::now(),
            names: Names::default(),
            interest,
            waiting_bytes_max: limits.outbox_bytes_max,
            gap: OpenGap::default(),
            ledger: Ledger::default(),
        }
    }
}

impl Settings {
    /// Has what happens written into a ledger.
    #[must_use]
    pub fn noting_in(self, ledger: Ledger) -> Settings {
        Settings { ledger, ..self }
    }
}

impl Service for Gateway {
    type Session = Session;
    type Command = Command;

    fn opened(&mut self, connection: &mut Connection<'_, Session>) {
        let (counters, session) = (&self.settings.counters, connection.session());
        let Some(permissions) = &session.permissions else {
            counters.refused.fetch_add(1, Relaxed);
            refuse(connection);
            return;
        };
        counters.authorized.fetch_add(1, Relaxed);
        let name = self.settings.names.name(connection.key());
        let greeting = reply::greeting(session.speech, permissions, name, session.user());
        connection.send_text(&greeting);
        self.note_connected(connection);
        self.watch(connection);
    }

    fn message(&mut self, connection: &mut Connection<'_, Session>, message: Message<'_>) {
        let now = connection.now().saturating_duration_since(self.settings.epoch);
        let session = connection.session_mut();
        // What somebody says who was not let in came before they could know.
        if session.permissions.is_none() {
            return;
        }
        if !session.pace.keeps(&self.settings.rate.get(), now) {
            self.settings.counters.rate_limited.fetch_add(1, Relaxed);
            self.reply(connection, Reply::RateLimited, None);
            connection.close(CloseCode::POLICY, "too many messages");
            return;
        }
        self.receive_request(connection, Request::read(message));
    }

    fn leaving(&mut self, connection: &Connection<'_, Session>) {
        self.note_leaving(connection);
    }

    fn shed(&mut self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        self.note_shed(connection, dropped);
    }

    fn cut(&mut self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        self.note_cut(connection, dropped);
    }

    fn closed(&mut self, key: ConnectionKey, mut session: Session, closed: &Closed) {
        self.note_disconnected(key, &session, closed);
        self.forget_waiting(key, session.waiting.take());
        if session.permissions.is_some() {
            self.settings.counters.authorized.fetch_sub(1, Relaxed);
        }
        tracing::debug!(
            connection = %self.settings.names.name(key),
            code = closed.code.number(),
            clean = closed.clean,
            by = ?closed.by,
            error = ?closed.error,
            "a connection ended"
        );
    }

    fn lost(
        &mut self,
        connection: &mut Connection<'_, Session>,
        losses: &[Loss],
        can_be_told: bool,
    ) {
        self.settings.ledger.gave_way(connection.key(), losses);
        self.tell_losses(connection, losses, can_be_told);
    }

    fn rooms_changed(&mut self, changes: &RoomChanges) {
        changes.closed.iter().for_each(|room| self.let_go(room));
    }

    fn command(&mut self, command: Command, connections: &mut dyn Connections<Session>) {
        command.run(self, connections);
    }
}

impl Gateway {
    /// Makes the gateway for one loop.
    pub fn new(settings: Arc<Settings>) -> Gateway {
        let held = settings.interest.clone().map(Held::new);
        Gateway { settings, held, gap_ended_after: None, output: String::new() }
    }

    fn handle_request(&mut self, connection: &mut Connection<'_, Session>, request: Request) {
        let session = connection.session();
        let (reply, id) = match request {
            Request::Ping => {
                session.presence.iter().for_each(Presence::ping);
                connection.send_text("pong");
                return;
            }
            Request::Status { id } if session.speech != Speech::Dialect25 => {
                let status = self.status(connection);
                reply::write_status(&status, session.speech, id.as_ref(), &mut self.output);
                connection.send_text(&self.output);
                return;
            }
            Request::Subscribe { id, room } => {
                let reply = self.subscribe(connection, room, id.as_ref());
                self.reply(connection, reply, id.as_ref());
                if reply == Reply::Success {
                    self.tell_open_gap(connection);
                }
                return;
            }
            Request::Unsubscribe { id } => (self.unsubscribe(connection, id.as_ref()), id),
            Request::Status { id } | Request::Unknown { id, typed: true } => {
                (Reply::TypeNotAllowed, id)
            }
            Request::Unknown { id, typed: false } => (Reply::NoType, id),
            Request::NotAnObject => (Reply::NotAnObject, None),
            Request::NotJson => (Reply::NotJson, None),
        };
        self.reply(connection, reply, id.as_ref());
    }

    fn subscribe(
        &mut self,
        connection: &mut Connection<'_, Session>,
        room: Option<Room>,
        id: Option<&RequestId>,
    ) -> Reply {
        let Some(id) = id else { return Reply::NoRequestId };
        let Some(room) = room else { return Reply::NoRoom };
        let permissions = connection.session().permissions.as_deref();
        if !permissions.is_some_and(|permissions| permissions.allows(&room)) {
            self.note_not_allowed(connection, &room);
            return Reply::RoomNotFound;
        }
        let counters = &self.settings.counters;
        if self.is_deaf_to(&room) {
            self.note_full(connection, &room, WhyNot::TooManyRooms);
            counters.too_many_rooms.fetch_add(1, Relaxed);
            return Reply::TooManyRooms;
        }
        match connection.subscribe(room.clone(), id.clone()) {
            Ok(subscribed) => {
                self.note_subscribed(connection, &room, id, subscribed);
                self.hold(&room);
                Reply::Success
            }
            Err(Full::Connection) => {
                self.note_full(connection, &room, WhyNot::TooManySubscriptions);
                counters.too_many_subscriptions.fetch_add(1, Relaxed);
                Reply::TooManySubscriptions
            }
            Err(Full::Rooms) => {
                self.note_full(connection, &room, WhyNot::TooManyRooms);
                counters.too_many_rooms.fetch_add(1, Relaxed);
                Reply::TooManyRooms
            }
        }
    }

    fn unsubscribe(
        &self,
        connection: &mut Connection<'_, Session>,
        id: Option<&RequestId>,
    ) -> Reply {
        match id.map(|id| self.note_unsubscribed(connection, id)) {
            None => Reply::NoRequestId,
            Some(0) => Reply::NotSubscribed,
            Some(_) => Reply::Success,
        }
    }

    fn reply(
        &mut self,
        connection: &mut Connection<'_, Session>,
        reply: Reply,
        id: Option<&RequestId>,
    ) {
        let (key, speech) = (connection.key(), connection.session().speech);
        if reply != Reply::Success {
            self.settings.counters.errors.fetch_add(1, Relaxed);
            let connection = self.settings.names.name(key);
            tracing::debug!(%connection, ?reply, "a request was refused");
        }
        if reply.write(speech, id, || self.settings.names.name(key), &mut self.output) {
            connection.send_text(&self.output);
        }
    }

    fn status(&self, connection: &Connection<'_, Session>) -> Status {
        let handle = self.settings.handle.get();
        let (mut statistics, loops) =
            handle.map_or_else(Default::default, |handle| (handle.statistics(), handle.loops()));
        // The loops' counters are those of their last turns; this loop's hub knows better.
        let rooms = connection.hub_statistics().rooms as u64;
        statistics.rooms = if loops <= 1 { rooms } else { statistics.rooms.max(rooms) };
        let authorized = self.settings.counters.authorized.load(Relaxed);
        Status::new(&statistics, loops, authorized, self.settings.online_since)
    }
}

/// Tells a client that it is not let in, as far as its dialect has a word for that, and closes.
fn refuse(connection: &mut Connection<'_, Session>) {
    if connection.session().speech == Speech::Dialect25 {
        connection.close(CloseCode::NO_STATUS, "");
    } else {
        connection.send_text(REFUSAL);
        connection.close(CloseCode::NORMAL, "");
    }
}
