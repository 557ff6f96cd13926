//! The rooms that this node listens for at the broker: those that somebody on it is in, or is about
//! to be.
//!
//! Not every broker needs this. Where one does, nobody is told that they are subscribed before the
//! broker has confirmed that this node hears of the room: what is triggered afterwards arrives.

#[cfg(test)]
mod tests;

use crate::command::Command;
use crate::service::Gateway;
use campanile_broker::{Broker, ListenError};
use campanile_hub::Room;
use campanile_manager::{ConnectionKey, Handle, PostError};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime;
use tokio::sync::watch;

/// What the loops want to hear of.
pub struct Interest {
    broker: Arc<dyn Broker>,
    /// Where the broker is asked.
    runtime: runtime::Handle,
    /// Those who wait are told by it, once the loops run.
    loops: OnceLock<Handle<Gateway>>,
    rooms: Mutex<Rooms>,
    /// Changes each time that the broker is back.
    back: watch::Sender<()>,
}

#[derive(Default)]
struct Rooms {
    wanted: HashMap<Room, Wanted>,
    /// Rooms that nobody held at that time, about in the order of times; each at most once.
    idle: VecDeque<(Instant, Room)>,
    serial: u64,
}

/// One room that is listened for, or is about to be.
struct Wanted {
    /// Loops that have it open, and requests that wait for it.
    holders: usize,
    state: Hearing,
    /// Connections that wait until it is listened for.
    waiting: HashSet<ConnectionKey>,
    /// Which of the times that this room was wanted.
    serial: u64,
    /// Since when nobody holds it.
    idle_since: Option<Instant>,
    /// Whether it is among the idle, where it stays for a while when it is held again.
    is_queued: bool,
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
        let (loops, back) = (OnceLock::new(), watch::Sender::default());
        Arc::new(Interest { broker, runtime, loops, rooms, back })
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
            wanted.hold();
            if wanted.state == Hearing::NotYet {
                wanted.waiting.insert(key);
            }
            return wanted.state;
        }
        rooms.serial += 1;
        let serial = rooms.serial;
        rooms.wanted.insert(room.clone(), Wanted::new(key, serial));
        drop(rooms);
        self.runtime.spawn(Arc::clone(self).listen(room.clone(), serial));
        Hearing::NotYet
    }

    /// Returns whether `room`, which is held, is heard of.
    pub fn hears(&self, room: &Room) -> Hearing {
        self.lock().wanted.get(room).map_or(Hearing::NotYet, |wanted| wanted.state)
    }

    /// Returns whether any of these rooms is heard of.
    pub fn hears_any(&self, rooms: &[Room]) -> bool {
        let known = self.lock();
        rooms.iter().any(|room| known.wanted.get(room).is_some_and(|it| it.state == Hearing::Yes))
    }

    /// Holds `room`, which is held already, once more.
    pub fn hold(&self, room: &Room) {
        if let Some(wanted) = self.lock().wanted.get_mut(room) {
            wanted.hold();
        }
    }

    /// Lets go of `room` once.
    pub fn release(&self, room: &Room) {
        let mut rooms = self.lock();
        let Rooms { wanted, idle, .. } = &mut *rooms;
        let Some(one) = wanted.get_mut(room) else { return };
        one.holders -= 1;
        if one.holders > 0 {
            return;
        }
        if one.state == Hearing::Refused {
            // Whoever asks next may be luckier; and the broker has not remembered it.
            wanted.remove(room);
            return;
        }
        let now = Instant::now();
        one.idle_since = Some(now);
        if !std::mem::replace(&mut one.is_queued, true) {
            idle.push_back((now, room.clone()));
        }
    }

    /// Lets go of `room` once, for the connection `key`, which waits for it no longer.
    pub fn give_up(&self, room: &Room, key: ConnectionKey) {
        if let Some(wanted) = self.lock().wanted.get_mut(room) {
            wanted.waiting.remove(&key);
        }
        self.release(room);
    }

    /// The broker is back: what could not be listened for is asked for again.
    pub fn broker_is_back(&self) {
        self.back.send_replace(());
    }

    /// Returns how many rooms are listened for.
    pub fn len(&self) -> usize {
        self.lock().wanted.len()
    }

    /// Returns whether no room is listened for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many connections wait until a room is listened for; one that waits for several
    /// counts for each.
    pub fn waiting(&self) -> usize {
        self.lock().wanted.values().map(|wanted| wanted.waiting.len()).sum()
    }

    /// Has the broker listen for a room, as often as it takes.
    ///
    /// That the broker is back is not enough: whether it was asked for this room before or after
    /// that cannot be known. It confirms at once what it listens for already.
    async fn listen(self: Arc<Self>, room: Room, serial: u64) {
        // From before it is asked: if it comes back between, that is not missed.
        let mut back = self.back.subscribe();
        loop {
            back.borrow_and_update();
            if self.is_given_up(&room, serial) {
                return;
            }
            match self.broker.listen(room.as_str()).await {
                Ok(()) => return self.settle(&room, serial, Hearing::Yes),
                Err(ListenError::Full) => return self.settle(&room, serial, Hearing::Refused),
                // It never fails: the sender is in `self`.
                Err(ListenError::Later) => drop(back.changed().await),
            }
        }
    }

    fn settle(&self, room: &Room, serial: u64, state: Hearing) {
        if self.is_given_up(room, serial) {
            return;
        }
        let mut rooms = self.lock();
        let Some(wanted) = rooms.wanted.get_mut(room) else { return };
        wanted.state = state;
        let waiting = std::mem::take(&mut wanted.waiting);
        drop(rooms);
        if let Some(loops) = self.loops.get() {
            self.runtime.spawn(tell(loops.clone(), waiting));
        }
    }

    /// Returns whether this room is no longer wanted, or was forgotten and is wanted anew, which is
    /// for somebody else to see to. Then the broker has perhaps been asked for it too late.
    fn is_given_up(&self, room: &Room, serial: u64) -> bool {
        let rooms = self.lock();
        let wanted = rooms.wanted.get(room);
        if wanted.is_none() {
            // Still under the lock: whoever wants it next asks after this.
            self.broker.unlisten(room.as_str());
        }
        wanted.is_none_or(|wanted| wanted.serial != serial)
    }

    fn forget_idle(&self, now: Instant) {
        let mut rooms = self.lock();
        let is_over = |since: Instant| now.saturating_duration_since(since) >= LINGER;
        while rooms.idle.front().is_some_and(|(since, _)| is_over(*since)) {
            let Some((_, room)) = rooms.idle.pop_front() else { break };
            let Some(wanted) = rooms.wanted.get_mut(&room) else { continue };
            match wanted.idle_since {
                None => wanted.is_queued = false,
                Some(since) if !is_over(since) => rooms.idle.push_back((since, room)),
                Some(_) => {
                    rooms.wanted.remove(&room);
                    self.broker.unlisten(room.as_str());
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Nothing in here panics half-way through a change.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    fn new(key: ConnectionKey, serial: u64) -> Wanted {
        let (state, waiting) = (Hearing::NotYet, HashSet::from([key]));
        Wanted { holders: 1, state, waiting, serial, idle_since: None, is_queued: false }
    }

    fn hold(&mut self) {
        self.holders += 1;
        self.idle_since = None;
    }
}

/// Tells connections that a room which they wait for is settled; loops that are behind are waited
/// for.
async fn tell(loops: Handle<Gateway>, waiting: HashSet<ConnectionKey>) {
    for key in waiting {
        while let Err(PostError::Full) = loops.command(key, Command::Heard { key }) {
            tokio::time::sleep(super::arrivals::PAUSE).await;
        }
    }
}
