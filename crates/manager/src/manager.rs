//! The turn of a loop.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_hub::Hub;
use campanile_wire::deflate::Agreed;
use campanile_wire::{CloseCode, Event, Role, Scratch, WebSocket};
use slab::Slab;

use crate::config::Config;
use crate::connections::{Entry, Visit};
use crate::handle::{Handle, Loose};
use crate::mailbox::{Adoption, Letter, Tally};
use crate::outbox::{Outbox, Packing, Parcel, Pieces};
use crate::poller::{Poller, Ready};
use crate::publication::Publication;
use crate::service::{Connection, ConnectionKey, Desk, Message, Service};
use crate::statistics::Counters;
use crate::timers::{Timers, UNSET};

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
    index: u16,
    serial: u64,
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
        Self {
            poller,
            service,
            connections: Slab::new(),
            desk: Desk {
                now,
                sequence: 0,
                hub: Hub::new(config.hub),
                pieces: Pieces::default(),
                dirty: Vec::new(),
                closings: Vec::new(),
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
            index: u16::try_from(index).expect("there are fewer than 65,536 loops"),
            serial: 0,
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
        self.flush_dirty();
        self.bury_ended();
        self.count();
        Ok(())
    }

    /// Returns whether the loop was asked to stop, and all of its connections are gone.
    pub fn is_done(&self) -> bool {
        self.stopping.is_some() && self.connections.is_empty()
    }

    /// How long the loop may sleep: not at all while something is left over from the last turn.
    fn patience(&self) -> Option<Duration> {
        if !(self.unread.is_empty() && self.unwritten.is_empty() && self.mail.is_empty()) {
            return Some(Duration::ZERO);
        }
        let now = self.poller.now();
        let until_stop = self.stopping.map(|deadline| deadline.saturating_duration_since(now));
        [self.timers.patience(now), until_stop].into_iter().flatten().min()
    }

    // --- in: sockets ---

    /// Reads each ready socket once; one that has more comes again next turn, after the others.
    fn read_ready(&mut self) {
        self.desk.dirty.append(&mut self.unwritten);
        let unread = std::mem::take(&mut self.unread);
        for slot in unread {
            if let Some(entry) = self.connections.get_mut(slot as usize) {
                entry.unread = false;
                self.read(slot);
            }
        }
        let mut ready = std::mem::take(&mut self.ready);
        for Ready { slot, readable, writable } in ready.drain(..) {
            if writable {
                self.mark_writable(slot);
            }
            if readable {
                self.read(slot);
            }
        }
        self.ready = ready;
    }

    fn mark_writable(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if !entry.writable {
            entry.writable = true;
            self.desk.dirty.push(slot);
        }
    }

    fn read(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if entry.unread || entry.ending {
            return;
        }
        match self.poller.read(&mut entry.socket, &mut self.input) {
            Ok(read) => {
                if !read.drained {
                    entry.unread = true;
                    self.unread.push(slot);
                }
                if read.bytes == 0 {
                    self.end_of_stream(slot);
                } else {
                    self.counters.bytes_received.add(read.bytes as u64);
                    self.receive(slot, read.bytes);
                }
            }
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.end_of_stream(slot),
        }
    }

    /// Takes the first `bytes` of the input buffer through the connection's websocket to the
    /// service.
    fn receive(&mut self, slot: u32, bytes: usize) {
        let Self { connections, desk, service, counters, scratch, .. } = self;
        let Some(entry) = connections.get_mut(slot as usize) else { return };
        if entry.lingering {
            return;
        }
        let key = ConnectionKey { loop_index: self.index, slot, serial: entry.serial };
        let (session, outbox) = (&mut entry.session, &mut entry.outbox);
        let mut answerable = entry.websocket.can_send() && !desk.is_closing(slot);
        desk.sequence = self.shared.post.sequence();
        let mut received = entry.websocket.receive(&mut self.input[..bytes], scratch, desk.now);
        while let Some(event) = received.next() {
            let message = match event {
                Event::Text(text) => Message::Text(text),
                Event::Binary(bytes) => Message::Binary(bytes),
                Event::Ping(_) => {
                    if outbox.push_frames(&mut desk.pieces, |out| received.poll_pongs(out)) {
                        desk.dirty.push(slot);
                    }
                    continue;
                }
                Event::Failed(_) => {
                    counters.protocol_errors.add(1);
                    continue;
                }
                Event::Pong(_) | Event::Close(..) => continue,
            };
            counters.messages_received.add(1);
            if answerable {
                service.message(&mut Connection { key, session, outbox, desk }, message);
                answerable = !desk.is_closing(slot);
            }
        }
        drop(received);
        self.settle(slot);
    }

    fn end_of_stream(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        entry.websocket.end_of_stream();
        if entry.lingering {
            self.end(slot);
        } else {
            self.settle(slot);
        }
    }

    /// After anything has happened to a websocket: sees to it that what it has to say leaves, that
    /// its timer rings, and that one which is closing hears nothing more.
    fn settle(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if entry.websocket.has_output() || entry.websocket.closed().is_some() {
            self.desk.dirty.push(slot);
        }
        if !entry.websocket.can_send() {
            self.desk.hub.leave(slot);
        }
        self.timers.arm(slot, &mut entry.armed, entry.websocket.deadline());
    }

    // --- in: time ---

    fn ring_timers(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        self.timers.ring(self.desk.now, &mut due);
        for (slot, tick) in due.drain(..) {
            let Some(entry) = self.connections.get_mut(slot as usize) else { continue };
            if entry.armed != tick {
                continue;
            }
            entry.armed = UNSET;
            if entry.lingering {
                self.end(slot);
            } else {
                entry.websocket.handle_deadline(self.desk.now);
                self.settle(slot);
            }
        }
        self.due = due;
        if self.stopping.is_some_and(|deadline| deadline <= self.desk.now) {
            self.slots().for_each(|slot| self.end(slot));
        }
    }

    // --- in: mail ---

    /// Handles mail in the order in which it was posted, until the turn has its share of deliveries.
    fn handle_mail(&mut self) {
        self.shared.post.collect(usize::from(self.index), &mut self.mail);
        let mut deliveries = 0;
        while deliveries < self.config.turn_deliveries_max {
            let Some(letter) = self.mail.pop_front() else { break };
            let mut bytes = 0;
            match letter {
                Letter::Publish { sequence, publication, receipt } => {
                    bytes = publication.bytes();
                    deliveries += self.publish(sequence, &publication, receipt.as_deref());
                }
                Letter::Adopt(adoption) => self.adopt(*adoption),
                Letter::Command(command) => {
                    self.desk.sequence = self.shared.post.sequence();
                    let Self { connections, desk, .. } = self;
                    let mut visit = Visit { loop_index: self.index, entries: connections, desk };
                    self.service.command(command, &mut visit);
                }
                Letter::Stop { deadline } => self.stop(deadline),
            }
            self.shared.post.worked_off(usize::from(self.index), bytes);
        }
    }

    /// Puts a publication into the outbox of each subscription's connection.
    fn publish(
        &mut self,
        sequence: u64,
        publication: &Arc<Publication>,
        receipt: Option<&Tally>,
    ) -> usize {
        let Self { connections, desk: Desk { hub, pieces, dirty, .. }, .. } = self;
        let index = pieces.add(Arc::clone(publication));
        let rooms = &publication.rooms;
        let published = hub.publish(rooms, publication.matching, sequence, |slot, id| {
            let entry = &mut connections[slot as usize];
            if entry.outbox.push_delivery(pieces, index, id) {
                dirty.push(slot);
            }
        });
        self.counters.publications.add(1);
        self.counters.deliveries.add(published.deliveries as u64);
        self.counters.patterns_refused.add(published.patterns_refused as u64);
        if let Some(tally) = receipt {
            tally.add(published.deliveries as u64);
        }
        published.deliveries
    }

    fn adopt(&mut self, adoption: Adoption<P::Socket, S::Session>) {
        let Adoption { mut socket, early, deflate, session } = adoption;
        let slot = self.connections.vacant_key() as u32;
        let window_bits = deflate.and_then(shared_window_bits);
        self.serial += 1;
        self.counters.adopted.add(1);
        // One that cannot be watched is opened all the same, and ends at once: every session is
        // taken leave of in one place.
        let watched = self.poller.add(&mut socket, slot);
        self.connections.insert(Entry {
            socket,
            websocket: WebSocket::new(&self.config.websocket, deflate, self.desk.now),
            outbox: Outbox::new(window_bits),
            session,
            serial: self.serial,
            armed: UNSET,
            writable: true,
            unread: false,
            ending: false,
            lingering: false,
        });
        let Self { connections, desk, service, .. } = self;
        service.opened(&mut connections[slot as usize].connection(self.index, slot, desk));
        if watched.is_err() {
            self.end_of_stream(slot);
        } else if self.stopping.is_some() {
            self.close(slot, CloseCode::GOING_AWAY, "");
        }
        for chunk in early.chunks(self.input.len()) {
            self.input[..chunk.len()].copy_from_slice(chunk);
            self.receive(slot, chunk.len());
        }
        self.settle(slot);
    }

    fn stop(&mut self, deadline: Instant) {
        self.stopping = Some(deadline);
        self.slots().for_each(|slot| self.close(slot, CloseCode::GOING_AWAY, ""));
    }

    /// All slots there are, taken or not.
    fn slots(&self) -> std::ops::Range<u32> {
        0..self.connections.capacity() as u32
    }

    // --- out ---

    /// Starts the closing handshakes that services asked for.
    fn begin_closings(&mut self) {
        for closing in std::mem::take(&mut self.desk.closings) {
            self.close(closing.slot, closing.code, &closing.reason);
        }
    }

    fn close(&mut self, slot: u32, code: CloseCode, reason: &str) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        entry.websocket.close(code, reason, self.desk.now);
        self.settle(slot);
    }

    /// Writes to each connection that has something, once.
    fn flush_dirty(&mut self) {
        // By position: a connection found too slow is appended, to be told so.
        let mut next = 0;
        while let Some(slot) = self.desk.dirty.get(next) {
            self.flush(*slot);
            next += 1;
        }
        self.desk.dirty.clear();
        self.desk.pieces.clear();
    }

    fn flush(&mut self, slot: u32) {
        let Self { connections, desk, parcel, .. } = self;
        let Some(entry) = connections.get_mut(slot as usize) else { return };
        if entry.websocket.has_output() {
            let (outbox, websocket) = (&mut entry.outbox, &mut entry.websocket);
            outbox.push_frames(&mut desk.pieces, |private| websocket.poll_output(private));
            if !entry.websocket.can_send() {
                desk.hub.leave(slot);
            }
        }
        parcel.clear();
        entry.outbox.pack(&desk.pieces, &self.packing, parcel);
        match write_out(&mut self.poller, entry, parcel, &self.counters) {
            Err(_) => self.end_of_stream(slot),
            Ok(waiting) if waiting > self.config.outbox_bytes_max => self.shed(slot),
            Ok(waiting) if waiting > 0 && entry.writable => self.unwritten.push(slot),
            Ok(_) => {}
        }
        self.hang_up(slot);
    }

    /// Closes a connection whose outbox is full: what waits for it is dropped, so that the close
    /// frame can follow what has been written in part.
    fn shed(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        let Some(backlog) = entry.outbox.backlog() else { return };
        if !entry.websocket.can_send() {
            return;
        }
        self.counters.slow_closed.add(1);
        self.counters.slow_dropped.add(backlog.drop_frames() as u64);
        entry.websocket.close(CloseCode::TRY_AGAIN_LATER, "too slow", self.desk.now);
        self.settle(slot);
    }

    /// Ends a connection that is closed, once its last frame has left; or waits for that, but not
    /// for ever.
    ///
    /// To a peer that broke the protocol only the write half is closed at first: a socket closed
    /// over unread input is reset, and the close frame that says why could be lost.
    fn hang_up(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        let Some(closed) = entry.websocket.closed() else { return };
        if entry.ending || entry.websocket.has_output() {
            return;
        }
        let is_failed = closed.error.is_some();
        let is_cut = !closed.clean && !is_failed;
        let waits = entry.outbox.backlog().is_some() || !entry.writable;
        if is_cut || !(waits || is_failed) {
            self.end(slot);
            return;
        }
        if is_failed && !waits {
            self.poller.shutdown_write(&mut entry.socket);
        }
        if !entry.lingering {
            entry.lingering = true;
            entry.armed = UNSET;
            let deadline = self.desk.now.checked_add(self.config.websocket.close_within);
            self.timers.arm(slot, &mut entry.armed, deadline);
        }
    }

    /// Puts a connection on the list of those that end with this turn.
    fn end(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if !entry.ending {
            entry.ending = true;
            entry.websocket.end_of_stream();
            self.desk.hub.leave(slot);
            self.ending.push(slot);
        }
    }

    /// Takes leave of the connections that ended in this turn.
    fn bury_ended(&mut self) {
        for slot in std::mem::take(&mut self.ending) {
            let mut entry = self.connections.remove(slot as usize);
            self.poller.remove(&mut entry.socket);
            drop(entry.socket);
            let closed = entry.websocket.closed().expect("a connection that ended was closed");
            self.counters.ended.add(1);
            self.counters.ended_unclean.add(u64::from(!closed.clean));
            let key = ConnectionKey { loop_index: self.index, slot, serial: entry.serial };
            self.service.closed(key, entry.session, closed);
        }
        if self.connections.is_empty() {
            self.connections.shrink_to_fit();
        }
    }

    fn count(&self) {
        let hub = self.desk.hub.statistics();
        self.counters.connections.set(self.connections.len() as u64);
        self.counters.rooms.set(hub.rooms as u64);
        self.counters.subscriptions.set(hub.subscriptions as u64);
        self.counters.turns.add(1);
    }
}

/// Returns the window for which publications to this peer are compressed; none where this end keeps
/// context, which a message compressed elsewhere would break.
fn shared_window_bits(agreed: Agreed) -> Option<u8> {
    let sent = agreed.sent_by(Role::Server);
    (!sent.context_takeover).then_some(sent.window_bits)
}

/// Writes what waited and then the parcel, with one call; keeps what the socket does not take.
/// Returns the bytes that wait now.
fn write_out<P: Poller, T>(
    poller: &mut P,
    entry: &mut Entry<P::Socket, T>,
    parcel: &Parcel,
    counters: &Counters,
) -> io::Result<usize> {
    let Entry { socket, outbox, writable, .. } = entry;
    if outbox.backlog().is_some() && parcel.len() > 0 {
        outbox.keep(parcel, 0);
    }
    let (taken, offered) = match outbox.backlog() {
        Some(waiting) if !*writable => return Ok(waiting.bytes()),
        Some(waiting) => waiting.write(|slices| write_once(poller, socket, slices))?,
        None if parcel.len() == 0 => {
            *writable = poller.flush(socket)?;
            return Ok(0);
        }
        None => parcel.write(|slices| write_once(poller, socket, slices))?,
    };
    counters.writes.add(1);
    counters.bytes_sent.add(taken as u64);
    if taken < offered || !poller.flush(socket)? {
        *writable = false;
        counters.writes_partial.add(1);
    }
    let waiting = match outbox.backlog() {
        Some(waiting) => {
            waiting.advance(taken);
            waiting
        }
        None if taken < parcel.len() => outbox.keep(parcel, taken),
        None => return Ok(0),
    };
    let bytes = waiting.bytes();
    if waiting.is_empty() {
        outbox.drop_backlog();
    }
    Ok(bytes)
}

/// Writes once, and returns the bytes taken and the bytes offered.
fn write_once<P: Poller>(
    poller: &mut P,
    socket: &mut P::Socket,
    slices: &[io::IoSlice<'_>],
) -> io::Result<(usize, usize)> {
    let offered = slices.iter().map(|slice| slice.len()).sum();
    match poller.write(socket, slices) {
        Err(error) if is_temporary(&error) => Ok((0, offered)),
        taken => Ok((taken?, offered)),
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
