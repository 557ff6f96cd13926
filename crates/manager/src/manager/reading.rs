//! In: what sockets and timers have to say.

use std::io;

use campanile_wire::Event;

use super::{Manager, uninterrupted};
use crate::poller::{Poller, Ready};
use crate::service::{Connection, ConnectionKey, Message, Service};
use crate::timers::UNSET;

impl<S: Service, P: Poller> Manager<S, P> {
    /// Reads each ready socket once; one that has more comes again next turn, after the others.
    pub(super) fn read_ready(&mut self) {
        self.desk.dirty.append(&mut self.unwritten);
        let unread = std::mem::take(&mut self.unread);
        for slot in unread {
            if let Some(entry) = self.connections.get_mut(slot as usize) {
                entry.unread = false;
                self.read(slot);
            }
        }
        let mut ready = std::mem::take(&mut self.ready);
        for Ready { slot, readable, writable, ended } in ready.drain(..) {
            if ended && let Some(entry) = self.connections.get_mut(slot as usize) {
                entry.stream_ended = true;
            }
            if writable {
                self.mark_writable(slot);
            }
            if readable {
                self.read(slot);
            }
        }
        self.ready = ready;
    }

    pub(super) fn mark_writable(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if !entry.writable {
            entry.writable = true;
            self.desk.dirty.push(slot);
        }
    }

    pub(super) fn read(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if entry.unread || entry.ending || self.desk.pauses.hold(slot) {
            return;
        }
        if self.desk.pieces.are_many() {
            entry.unread = true;
            self.unread.push(slot);
            return;
        }
        match uninterrupted(|| self.poller.read(&mut entry.socket, &mut self.input)) {
            Ok(read) => {
                if !read.drained || (entry.stream_ended && read.bytes > 0) {
                    entry.unread = true;
                    self.unread.push(slot);
                }
                if read.bytes == 0 {
                    self.end_of_stream(slot);
                } else {
                    self.counters.received_bytes.add(read.bytes as u64);
                    self.receive(slot, read.bytes);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.end(slot),
        }
    }

    /// Takes the first `bytes` of the input buffer through the connection's websocket to the
    /// service.
    pub(super) fn receive(&mut self, slot: u32, bytes: usize) {
        let Self { connections, desk, service, counters, scratch, .. } = self;
        let Some(entry) = connections.get_mut(slot as usize) else { return };
        if entry.lingering {
            return;
        }
        if desk.pauses.hold(slot) {
            return desk.pauses.keep(slot, &self.input[..bytes]);
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
                if desk.pauses.hold(slot) {
                    break;
                }
            }
        }
        // Nothing, unless the service began a pause.
        desk.pauses.keep(slot, received.into_rest());
        self.settle(slot);
    }

    /// Reads on from connections whose pause is over: at first what was kept for so long.
    pub(super) fn end_pauses(&mut self) {
        if !self.desk.pauses.are_ending() {
            return;
        }
        for slot in self.desk.pauses.take_ending() {
            let Some(kept) = self.desk.pauses.take(slot) else { continue };
            let Some(entry) = self.connections.get_mut(slot as usize) else { continue };
            entry.websocket.forgive_silence(self.desk.now);
            // Its readiness was told while nobody listened.
            if !entry.unread {
                entry.unread = true;
                self.unread.push(slot);
            }
            self.receive_all(slot, &kept);
            self.settle(slot);
        }
    }

    /// Takes in bytes that lie elsewhere than in the input buffer.
    pub(super) fn receive_all(&mut self, slot: u32, bytes: &[u8]) {
        for chunk in bytes.chunks(self.input.len()) {
            self.input[..chunk.len()].copy_from_slice(chunk);
            self.receive(slot, chunk.len());
        }
    }

    pub(super) fn end_of_stream(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        entry.websocket.end_of_stream();
        entry.has_hung_up = true;
        // A peer that ended its half can still read what waits for it, unless writing fails.
        if entry.lingering && entry.outbox.backlog().is_none() {
            self.end(slot);
        } else {
            self.settle(slot);
        }
    }

    /// After anything has happened to a websocket: sees to it that what it has to say leaves, that
    /// its timer rings, and that one which is closing hears nothing more.
    pub(super) fn settle(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if entry.websocket.has_output() || entry.websocket.closed().is_some() {
            self.desk.dirty.push(slot);
        }
        self.timers.arm(slot, &mut entry.armed, entry.websocket.deadline());
        if !entry.websocket.can_send() {
            self.leave(slot);
        }
    }

    pub(super) fn ring_timers(&mut self) {
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
            } else if !self.desk.pauses.hold(slot) {
                // Who is not read cannot be heard to answer, nor to finish what they began.
                let overdue = entry.websocket.handle_deadline(self.desk.now);
                overdue.into_iter().for_each(|what| self.counters.overdue(what));
                self.settle(slot);
            }
        }
        self.due = due;
        if self.stopping.is_some_and(|deadline| deadline <= self.desk.now) {
            self.slots().for_each(|slot| self.end(slot));
        }
    }
}
