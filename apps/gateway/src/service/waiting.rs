//! Requests that wait until this node hears of a room.
//!
//! A subscribe is answered only when the broker has confirmed that this node hears of the room. What
//! the same client asks meanwhile waits behind it, since answers come in the order of requests.

use super::{Gateway, Session};
use crate::publishing::{Hearing, Interest};
use crate::request::Request;
use campanile_hub::Room;
use campanile_manager::{Connection, ConnectionKey};
use campanile_wire::CloseCode;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A client's requests that wait, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    requests: VecDeque<Asked>,
    bytes: usize,
}

/// One of them.
#[derive(Debug)]
struct Asked {
    request: Request,
    /// The room that is held for it.
    held: Option<Room>,
    bytes: usize,
}

/// What a loop holds of the node's interest: the rooms that it has open.
pub(super) struct Held {
    interest: Arc<Interest>,
    rooms: HashSet<Room>,
}

/// What a request takes beside its texts.
const REQUEST_BYTES: usize = size_of::<Asked>();

impl Gateway {
    /// Handles a request now, or when everything before it is done and its room is heard of.
    pub(super) fn receive_request(
        &mut self,
        connection: &mut Connection<'_, Session>,
        request: Request,
    ) {
        let held = self.wanted_room(connection, &request);
        let is_heard = held.as_ref().is_none_or(|room| self.hears(room) != Hearing::NotYet);
        if is_heard && connection.session().waiting.is_none() {
            self.handle_request(connection, request);
            self.release(held.as_ref());
            return;
        }
        let bytes = REQUEST_BYTES + request.bytes();
        let waiting = connection.session_mut().waiting.get_or_insert_default();
        waiting.bytes += bytes;
        waiting.requests.push_back(Asked { request, held, bytes });
        if waiting.bytes > self.settings.waiting_bytes_max {
            self.settings.counters.too_many_waiting.fetch_add(1, Relaxed);
            connection.close(CloseCode::TRY_AGAIN_LATER, "too many requests wait for the broker");
        }
    }

    /// Goes on with the requests of a connection, as far as their rooms are heard of.
    pub(crate) fn go_on(&mut self, connection: &mut Connection<'_, Session>) {
        while let Some(waiting) = &mut connection.session_mut().waiting {
            let Some(next) = waiting.requests.front() else {
                connection.session_mut().waiting = None;
                return;
            };
            if next.held.as_ref().is_some_and(|room| self.hears(room) == Hearing::NotYet) {
                return;
            }
            let Some(Asked { request, held, bytes }) = waiting.requests.pop_front() else { return };
            waiting.bytes -= bytes;
            self.handle_request(connection, request);
            self.release(held.as_ref());
        }
    }

    /// Lets go of what the requests of a connection that ended have waited for.
    pub(super) fn forget_waiting(&self, key: ConnectionKey, waiting: Option<Box<Waiting>>) {
        let Some(held) = &self.held else { return };
        let requests = waiting.into_iter().flat_map(|waiting| waiting.requests);
        for room in requests.filter_map(|asked| asked.held) {
            held.interest.give_up(&room, key);
        }
    }

    /// Returns the room that a request is about, if this loop has yet to hear of it: then it is
    /// held from now on.
    fn wanted_room(&self, connection: &Connection<'_, Session>, request: &Request) -> Option<Room> {
        let held = self.held.as_ref()?;
        let Request::Subscribe { id: Some(_), room: Some(room) } = request else { return None };
        let permissions = connection.session().permissions.as_deref()?;
        if held.rooms.contains(room) || !permissions.allows(room) {
            return None;
        }
        held.interest.want(room, connection.key());
        Some(room.clone())
    }

    fn hears(&self, room: &Room) -> Hearing {
        self.held.as_ref().map_or(Hearing::Yes, |held| held.interest.hears(room))
    }

    fn release(&self, room: Option<&Room>) {
        if let (Some(held), Some(room)) = (&self.held, room) {
            held.interest.release(room);
        }
    }

    /// Returns whether this node cannot hear of `room`, since it listens for as many as it may.
    pub(super) fn is_deaf_to(&self, room: &Room) -> bool {
        self.held.as_ref().is_some_and(|held| {
            !held.rooms.contains(room) && held.interest.hears(room) == Hearing::Refused
        })
    }

    /// Holds a room that this loop has open now.
    pub(super) fn hold(&mut self, room: &Room) {
        if let Some(held) = &mut self.held
            && held.rooms.insert(room.clone())
        {
            held.interest.hold(room);
        }
    }

    /// Lets go of a room that this loop has open no longer.
    pub(super) fn let_go(&mut self, room: &Room) {
        if let Some(held) = &mut self.held
            && held.rooms.remove(room)
        {
            held.interest.release(room);
        }
    }
}

impl Held {
    pub(super) fn new(interest: Arc<Interest>) -> Held {
        Held { interest, rooms: HashSet::new() }
    }
}
