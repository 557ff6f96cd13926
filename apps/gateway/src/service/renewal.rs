//! The rights of a connection are renewed: the backend is asked again, and what it says is done.
//!
//! A connection is asked for once at a time; a wish that comes meanwhile means once more after. All of
//! this happens on the connection's loop, so that a request never meets half of a change.

use super::session::Session;
use super::{Gateway, refuse};
use crate::backend::User;
use crate::reply::{self, Speech};
use crate::revalidate::{Answer, Renewed, Revalidation, Stale, Ticket};
use crate::users::Full;
use campanile_manager::Connection;
use campanile_wire::CloseCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// How far it is with renewing a connection's rights.
pub(super) struct Asking {
    /// From when on they may be old.
    since: Instant,
    /// How often the backend has failed.
    failures: u32,
    /// Somebody wished for it after the question was put.
    again: bool,
    /// The question; none between two.
    ticket: Option<Ticket>,
    /// Once the backend has failed.
    stale: Option<Stale>,
}

impl Gateway {
    /// Begins to keep the rights of a connection that has just been opened.
    pub(super) fn watch(&self, connection: &mut Connection<'_, Session>) {
        let key = connection.key();
        let session = connection.session_mut();
        let Some(standing) = &mut session.standing else { return };
        if let Some(place) = &mut standing.place {
            place.enter(key);
        }
        let user = standing.place.as_ref().map(|place| place.user());
        let arrival = standing.arrival.take();
        // What the backend said may be older than a wish that could not find this connection yet.
        if arrival.is_some_and(|asked| self.settings.users.is_meant(asked, user)) {
            self.ask(connection);
        } else {
            self.rest(connection);
        }
    }

    /// Has the backend asked again what a connection may hear.
    pub(crate) fn ask(&self, connection: &mut Connection<'_, Session>) {
        let Some(revalidation) = self.settings.revalidation.get() else { return };
        let (key, now) = (connection.key(), connection.now());
        let session = connection.session_mut();
        let Some(permissions) = &session.permissions else { return };
        let Some(forwarded) = &session.forwarded else {
            revalidation.counters.not_remembered.add();
            return;
        };
        let standing = session.standing.get_or_insert_default();
        let asking = standing.asking.get_or_insert_with(|| Asking::since(now));
        if asking.ticket.is_some() {
            revalidation.counters.merged.add();
            asking.again = true;
            return;
        }
        asking.ticket = Some(revalidation.ask(key, forwarded, permissions));
        let until = asking.since + revalidation.patience();
        standing.alarm = Some(revalidation.alarm(key, until));
    }

    /// Does what is due for a connection whose alarm of that time rings.
    pub(crate) fn ring(&self, connection: &mut Connection<'_, Session>, at: Instant) {
        let Some(revalidation) = self.settings.revalidation.get() else { return };
        let standing = connection.session_mut().standing_mut();
        // It may have been set anew while this one rang.
        if standing.alarm.take_if(|alarm| alarm.at() == at).is_none() {
            return;
        }
        match &standing.asking {
            Some(asking) if at >= asking.since + revalidation.patience() => {
                self.expire(connection, revalidation);
            }
            _ => self.ask(connection),
        }
    }

    /// Does what the backend answered.
    pub(crate) fn renew(&self, connection: &mut Connection<'_, Session>, answer: Answer) {
        let Some(revalidation) = self.settings.revalidation.get() else { return };
        let session = connection.session_mut();
        let Some(asking) = session.standing_mut().asking.take() else { return };
        match answer {
            Answer::Renewed(renewed) if !self.is_of(connection, renewed.user.as_ref()) => {
                revalidation.counters.other_user.add();
                self.turn_out(connection);
            }
            Answer::Renewed(renewed) => {
                self.take_over(connection, renewed);
                if asking.again {
                    self.ask(connection);
                } else {
                    self.rest(connection);
                }
            }
            Answer::Refused => {
                revalidation.counters.refused.add();
                self.turn_out(connection);
            }
            Answer::Failed => self.bear(connection, asking, revalidation),
        }
    }

    /// Returns whether a connection is `user`'s. One that was nobody's is from now on, if that user may
    /// have another: the backend may have begun to name users while it was open.
    fn is_of(&self, connection: &mut Connection<'_, Session>, user: Option<&User>) -> bool {
        let key = connection.key();
        let session = connection.session_mut();
        match (session.user(), user) {
            (None, Some(user)) => match self.settings.users.take(user) {
                Ok(mut place) => {
                    place.enter(key);
                    session.standing_mut().place = Some(place);
                    true
                }
                Err(Full) => false,
            },
            (known, user) => known == user,
        }
    }

    /// Puts what the backend says now in the place of what it said before.
    fn take_over(&self, connection: &mut Connection<'_, Session>, renewed: Renewed) {
        let Renewed { permissions, is_changed, forwarded, rooms_ttl, .. } = renewed;
        let counters = self.settings.revalidation.get().map(|revalidation| &revalidation.counters);
        let session = connection.session_mut();
        let speech = session.speech;
        session.standing_mut().rooms_ttl = rooms_ttl;
        if let Some(forwarded) = forwarded {
            session.presence.iter().for_each(|presence| presence.renew(forwarded.clone()));
            session.forwarded = Some(forwarded);
        }
        if !is_changed {
            counters.inspect(|counters| counters.unchanged.add());
            return;
        }
        counters.inspect(|counters| counters.changed.add());
        session.permissions = Some(Arc::clone(&permissions));
        self.note_revoking(connection, Some(&permissions));
        let mut words = Vec::new();
        let revoked = connection.retain_subscriptions(
            |room| permissions.allows(room),
            |room, id| {
                if speech == Speech::V1 {
                    words.push(reply::revoked(room, id));
                }
            },
        );
        self.settings.counters.revoked.fetch_add(revoked as u64, Relaxed);
        words.iter().for_each(|word| connection.send_text(word));
        if speech == Speech::V1 {
            connection.send_text(&reply::allowed_rooms(&permissions));
        }
    }

    /// Ends a connection that the backend lets in no longer.
    fn turn_out(&self, connection: &mut Connection<'_, Session>) {
        self.note_revoking(connection, None);
        let revoked = connection.retain_subscriptions(|_| false, |_, _| {});
        self.settings.counters.revoked.fetch_add(revoked as u64, Relaxed);
        refuse(connection);
    }

    /// Leaves a connection alone until the backend wants to be asked again.
    fn rest(&self, connection: &mut Connection<'_, Session>) {
        let key = connection.key();
        let session = connection.session_mut();
        if let Some(revalidation) = self.settings.revalidation.get()
            && session.forwarded.is_some()
        {
            let rooms_ttl = session.standing.as_ref().and_then(|standing| standing.rooms_ttl);
            let at = revalidation.next_time(rooms_ttl);
            if let Some(at) = at {
                session.standing_mut().alarm = Some(revalidation.alarm(key, at));
            } else if let Some(standing) = &mut session.standing {
                standing.alarm = None;
            }
        }
        session.forget_nothing();
    }
}

impl Gateway {
    /// Keeps the old rights though the backend has failed, until it is asked again; not for ever.
    fn bear(
        &self,
        connection: &mut Connection<'_, Session>,
        mut asking: Asking,
        revalidation: &Revalidation,
    ) {
        let now = Instant::now();
        let until = asking.since + revalidation.patience();
        if now >= until {
            self.expire(connection, revalidation);
            return;
        }
        asking.failures += 1;
        (asking.ticket, asking.again) = (None, false);
        asking.stale.get_or_insert_with(|| revalidation.stale());
        let next = now + revalidation.back_off(asking.failures);
        let alarm = revalidation.alarm(connection.key(), next.min(until));
        let standing = connection.session_mut().standing_mut();
        (standing.alarm, standing.asking) = (Some(alarm), Some(asking));
    }

    /// Ends a connection whose rights have been old for too long.
    fn expire(&self, connection: &mut Connection<'_, Session>, revalidation: &Revalidation) {
        self.note_revoking(connection, None);
        revalidation.counters.expired.add();
        connection.retain_subscriptions(|_| false, |_, _| {});
        connection.close(CloseCode::TRY_AGAIN_LATER, "the backend cannot be asked");
    }
}

impl Asking {
    fn since(now: Instant) -> Asking {
        Asking { since: now, failures: 0, again: false, ticket: None, stale: None }
    }
}
