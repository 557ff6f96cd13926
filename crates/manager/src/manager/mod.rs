//! The turn of a loop. What it does one after the other stands in `reading`, `mail` and
//! `writing`.

mod reading;

mod mail;

mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_hub::Hub;
use campanile_wire::Scratch;
use slab::Slab;

use crate::config::Config;
use crate::connections::Entry;
use crate::handle::{Handle, Loose};
use crate::mailbox::Letter;
use crate::outbox::{Packing, Parcel, Pieces};
use crate::pauses::Pauses;
use crate::poller::{Poller, Ready};
use crate::service::{Desk, Service};
use crate::statistics::Counters;
use crate::timers::Timers;
use crate::watch::{Passage, Watch};

/// One loop: its connections, its hub, and all that moves bytes between them.
pub struct Manager<S: Service, P: Poller> {
    poller: P,
    service: S,
    connections: Slab<Entry<P::Socket, S::Session>>,
    desk: Desk,
    timers: Timers,
    mail: VecDeque<Letter<P::Socket, S::Session, S::Command>>,
    /// The one buffer that all sockets are read into.
    input: Box<[u8]>,
    /// The one buffer that all sockets are written from.
    parcel: Parcel,
    scratch: Scratch,
    ready: Vec<Ready>,
    /// Connections that had more to read than one turn's share.
    unread: Vec<u32>,
    /// Connections that had more to write than one call takes.
    unwritten: Vec<u32>,
    /// Connections that end with this turn.
    ending: Vec<u32>,
    due: Vec<(u32, u32)>,
    /// Frames in all backlogs.
    frames_waiting: u64,
    index: u16,
    serial: u64,
    /// Publications of this turn whose way somebody watches.
    watched: Vec<(Arc<dyn Watch>, Passage)>,
    stopping: Option<Instant>,
    shared: Arc<Loose<S, P::Socket>>,
    counters: Arc<Counters>,
    packing: Packing,
    config: Config,
}

impl<S: Service, P: Poller> Manager<S, P> {
    /// Makes the loop `index` of those that `handle` reaches.
    pub fn new(
        config: &Config,
        index: usize,
        service: S,
        poller: P,
        handle: &Handle<S, P::Socket>,
    ) -> Self {
        let now = poller.now();
        let mut hub = Hub::new(config.hub);
        if config.watch_rooms {
            hub.watch_rooms();
        }
        Self {
            poller,
            service,
            connections: Slab::new(),
            desk: Desk {
                now,
                sequence: 0,
                delivered: 0,
                hub,
                pieces: Pieces::default(),
                messages_sent: 0,
                dirty: Vec::new(),
                closings: BTreeMap::new(),
                pauses: Pauses::default(),
                awaiting: Vec::new(),
                strained: BTreeSet::new(),
            },
            timers: Timers::new(now),
            mail: VecDeque::new(),
            input: vec![0; config.read_bytes_max.max(1)].into_boxed_slice(),
            parcel: Parcel::default(),
            scratch: Scratch::new(),
            ready: Vec::new(),
            unread: Vec::new(),
            unwritten: Vec::new(),
            ending: Vec::new(),
            due: Vec::new(),
            frames_waiting: 0,
            index: u16::try_from(index).expect("there are fewer than 65,536 loops"),
            serial: 0,
            watched: Vec::new(),
            stopping: None,
            shared: Arc::clone(&handle.shared),
            counters: Arc::clone(&handle.shared.counters[index]),
            packing: Packing {
                copy_bytes_max: config.copy_bytes_max,
                compress_bytes_min: config.compress_bytes_min,
                compression_level: config.compression_level,
            },
            config: config.clone(),
        }
    }

    /// Does once all that is to be done, and waits first if that is nothing.
    ///
    /// Services are called while sockets are read and mail is handled; what they decide (send,
    /// close, subscribe) is written on the desk. So nothing closes or unsubscribes in the middle of
    /// a fan-out, and each connection is written to once.
    ///
    /// # Errors
    ///
    /// If the poller fails. Whatever happens to a connection is that connection's alone.
    pub fn turn(&mut self) -> io::Result<()> {
        let patience = self.patience();
        self.poller.wait(&mut self.ready, patience)?;
        self.desk.now = self.poller.now();
        self.read_ready();
        self.ring_timers();
        self.handle_mail();
        self.begin_closings();
        self.end_pauses();
        self.count();
        self.flush_dirty();
        self.tell_written();
        self.tell_watches();
        self.bury_ended();
        self.tell_room_changes();
        self.counters.turns.add(1);
        Ok(())
    }

    /// Tells the service which rooms opened and closed in this turn: last, when all has ended that
    /// ends in it.
    fn tell_room_changes(&mut self) {
        if let Some(changes) = self.desk.hub.take_room_changes() {
            self.service.rooms_changed(&changes);
        }
    }

    /// Ends the loop if it was asked to stop and all of its connections are gone, those too that are
    /// promised to it; for these it waits no longer than it was told to. Returns whether it has ended:
    /// then its mailbox takes nothing any more.
    pub fn try_to_end(&mut self) -> bool {
        let Some(deadline) = self.stopping.filter(|_| self.connections.is_empty()) else {
            return false;
        };
        if deadline <= self.desk.now {
            self.retire();
            return true;
        }
        let is_expected = self.mail.iter().any(|letter| matches!(letter, Letter::Adopt(_)));
        let ends = !is_expected && self.shared.post.retire_if_idle(usize::from(self.index));
        if ends {
            self.retire();
        }
        ends
    }

    /// How long the loop may sleep: not at all while something is left over from the last turn.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let is_left_over = !(self.unread.is_empty() && self.unwritten.is_empty());
        // A service may decide something while sockets are written, or when they are.
        let Desk { closings, pauses, awaiting, dirty, .. } = &self.desk;
        let is_decided = !(closings.is_empty() && awaiting.is_empty() && dirty.is_empty());
        if is_left_over || is_decided || pauses.are_ending() || !self.mail.is_empty() {
            return Some(Duration::ZERO);
        }
        let now = self.poller.now();
        let until_stop = self.stopping.map(|deadline| deadline.saturating_duration_since(now));
        [self.timers.patience(now), until_stop].into_iter().flatten().min()
    }

    /// Returns the bytes that wait in the fullest outbox.
    pub(crate) fn backlog_bytes_max(&mut self) -> usize {
        let backlogs = self.connections.iter_mut().filter_map(|(_, entry)| entry.outbox.backlog());
        backlogs.map(|backlog| backlog.bytes()).max().unwrap_or(0)
    }

    /// Closes the loop's mailbox, at its end.
    fn retire(&mut self) {
        self.shared.post.retire(usize::from(self.index), &mut self.mail);
    }

    /// Tells the counters what the levels are now: before anything leaves, so that whoever reads a
    /// reply finds what it says in them.
    fn count(&self) {
        let hub = self.desk.hub.statistics();
        self.counters.connections.set(self.connections.len() as u64);
        self.counters.rooms.set(hub.rooms as u64);
        self.counters.subscriptions.set(hub.subscriptions as u64);
        self.counters.messages_sent.set(self.desk.messages_sent);
        self.counters.frames_waiting.set(self.frames_waiting);
    }
}

impl<S: Service, P: Poller> Drop for Manager<S, P> {
    fn drop(&mut self) {
        // However it ended: those who wait for its part of an answer must not wait for ever.
        self.retire();
    }
}

/// Calls again what a signal interrupted: readiness is told once, so giving up would lose it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
