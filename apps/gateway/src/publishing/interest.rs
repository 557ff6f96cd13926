//! The rooms that this node listens for at the broker: those that somebody on it is in, or is about
//! to be.
//!
//! Not every broker needs this. Where one does, nobody is told that they are subscribed before the
//! broker has confirmed that this node hears of the room: what is triggered afterwards arrives.

use crate::command::Command;
use crate::service::Gateway;
use campanile_broker::{Broker, ListenError};
use campanile_hub::Room;
use campanile_manager::{ConnectionKey, Handle, PostError};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime;

/// What the loops want to hear of.
pub struct Interest {
    broker: Arc<dyn Broker>,
    /// Where the broker is asked.
    runtime: runtime::Handle,
    /// Those who wait are told by it, once the loops run.
    loops: OnceLock<Handle<Gateway>>,
    rooms: Mutex<Rooms>,
}

#[derive(Default)]
struct Rooms {
    wanted: HashMap<Room, Wanted>,
    /// Rooms that nobody held at that time, the oldest first.
    idle: VecDeque<(Instant, Room)>,
    serial: u64,
}

/// One room that is listened for, or is about to be.
struct Wanted {
    /// Loops that have it open, and requests that wait for it.
    holders: usize,
    state: Hearing,
    /// Connections that wait until it is listened for.
    waiting: Vec<ConnectionKey>,
    /// Which of the times that this room was wanted.
    serial: u64,
}

/// Whether this node hears of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// The broker was asked, and has not confirmed.
    NotYet,
    /// Everything.
    Yes,
    /// It listens for as many rooms as it may.
    Refused,
}

/// How long a room is listened for after the last one has left it: most come back.
const LINGER: Duration = Duration::from_secs(10);

impl Interest {
    /// Makes the interest of a node that hears of nothing yet; call it within the runtime.
    pub fn new(broker: Arc<dyn Broker>) -> Arc<Interest> {
        let (runtime, rooms) = (runtime::Handle::current(), Mutex::default());
        Arc::new(Interest { broker, runtime, loops: OnceLock::new(), rooms })
    }

    /// Begins to tell those who wait, and to forget rooms that nobody is in.
    pub fn start(self: &Arc<Self>, loops: Handle<Gateway>) {
        // It is started once.
        let _ = self.loops.set(loops);
        let interest = Arc::clone(self);
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(LINGER / 4).await;
                interest.forget_idle(Instant::now());
            }
        });
    }

    /// Holds `room`, and says whether it is heard of. If not yet, the connection `key` is told when
    /// that is known, by [`Command::Heard`].
    pub fn want(self: &Arc<Self>, room: &Room, key: ConnectionKey) -> Hearing {
        let mut rooms = self.lock();
        if let Some(wanted) = rooms.wanted.get_mut(room) {
            wanted.holders += 1;
            if wanted.state == Hearing::NotYet {
                wanted.waiting.push(key);
            }
            return wanted.state;
        }
        rooms.serial += 1;
        let serial = rooms.serial;
        let wanted = Wanted { holders: 1, state: Hearing::NotYet, waiting: vec![key], serial };
        rooms.wanted.insert(room.clone(), wanted);
        drop(rooms);
        let (interest, room) = (Arc::clone(self), room.clone());
        self.runtime.spawn(async move {
            match interest.broker.listen(room.as_str()).await {
                Ok(()) => interest.settle(&room, serial, Hearing::Yes),
                Err(ListenError::Full) => interest.settle(&room, serial, Hearing::Refused),
                // It is listened for when the broker is back.
                Err(ListenError::Later) => {}
            }
        });
        Hearing::NotYet
    }

    /// Returns whether `room`, which is held, is heard of.
    pub fn hears(&self, room: &Room) -> Hearing {
        self.lock().wanted.get(room).map_or(Hearing::NotYet, |wanted| wanted.state)
    }

    /// Holds `room`, which is held already, once more.
    pub fn hold(&self, room: &Room) {
        if let Some(wanted) = self.lock().wanted.get_mut(room) {
            wanted.holders += 1;
        }
    }

    /// Lets go of `room` once.
    pub fn release(&self, room: &Room) {
        let mut rooms = self.lock();
        let Some(wanted) = rooms.wanted.get_mut(room) else { return };
        wanted.holders -= 1;
        if wanted.holders == 0 {
            rooms.idle.push_back((Instant::now(), room.clone()));
        }
    }

    /// The broker is back, and listens for all rooms that it was asked to.
    pub fn broker_is_back(&self) {
        let mut waiting = Vec::new();
        for wanted in self.lock().wanted.values_mut() {
            if wanted.state == Hearing::NotYet {
                wanted.state = Hearing::Yes;
                waiting.append(&mut wanted.waiting);
            }
        }
        self.tell(waiting);
    }

    /// Returns how many rooms are listened for.
    pub fn len(&self) -> usize {
        self.lock().wanted.len()
    }

    /// Returns whether no room is listened for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn settle(&self, room: &Room, serial: u64, state: Hearing) {
        let mut rooms = self.lock();
        let wanted = rooms.wanted.get_mut(room).filter(|wanted| wanted.serial == serial);
        let Some(wanted) = wanted else { return };
        wanted.state = state;
        let waiting = std::mem::take(&mut wanted.waiting);
        drop(rooms);
        self.tell(waiting);
    }

    fn tell(&self, waiting: Vec<ConnectionKey>) {
        if let Some(loops) = self.loops.get() {
            self.runtime.spawn(tell(loops.clone(), waiting));
        }
    }

    fn forget_idle(&self, now: Instant) {
        let mut rooms = self.lock();
        while let Some((since, _)) = rooms.idle.front() {
            if now.saturating_duration_since(*since) < LINGER {
                break;
            }
            let Some((_, room)) = rooms.idle.pop_front() else { break };
            if rooms.wanted.get(&room).is_some_and(|wanted| wanted.holders == 0) {
                rooms.wanted.remove(&room);
                self.broker.unlisten(room.as_str());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Nothing in here panics half-way through a change.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells connections that a room which they wait for is settled; loops that are behind are waited
/// for.
async fn tell(loops: Handle<Gateway>, waiting: Vec<ConnectionKey>) {
    for key in waiting {
        while let Err(PostError::Full) = loops.command(key, Command::Heard { key }) {
            tokio::time::sleep(super::arrivals::PAUSE).await;
        }
    }
}
