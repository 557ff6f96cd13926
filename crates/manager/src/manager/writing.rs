//! Out: one write for each connection, and the end of those that end.

use std::io;
use std::time::Duration;

use campanile_wire::CloseCode;

use super::{Manager, uninterrupted};
use crate::connections::Entry;
use crate::outbox::{Parcel, Pieces};
use crate::poller::Poller;
use crate::service::{ConnectionKey, Service};
use crate::statistics::Counters;
use crate::timers::UNSET;

/// How long a client may take to hang up after both have said close, so that it holds its place no longer.
const HANGS_UP_WITHIN: Duration = Duration::from_secs(1);

impl<S: Service, P: Poller> Manager<S, P> {
    /// Starts the closing handshakes that services asked for.
    pub(super) fn begin_closings(&mut self) {
        for (slot, closing) in std::mem::take(&mut self.desk.closings) {
            self.close(slot, closing.code, &closing.reason);
        }
    }

    pub(super) fn close(&mut self, slot: u32, code: CloseCode, reason: &str) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        entry.websocket.close(code, reason, self.desk.now);
        // The client's close is waited for.
        self.desk.pauses.end(slot);
        self.settle(slot);
    }

    /// Tells services that asked for it that all is written, or waits until it is.
    pub(super) fn tell_written(&mut self) {
        if self.desk.awaiting.is_empty() {
            return;
        }
        for slot in std::mem::take(&mut self.desk.awaiting) {
            let Self { connections, desk, service, .. } = self;
            let Some(entry) = connections.get_mut(slot as usize) else { continue };
            if entry.outbox.backlog().is_some() {
                desk.strained.insert(slot);
            } else if entry.can_send() {
                service.written(&mut entry.connection(self.index, slot, desk));
            }
        }
    }

    /// Writes to each connection that has something, once.
    pub(super) fn flush_dirty(&mut self) {
        // By position: a connection found too slow is appended, to be told so.
        let mut next = 0;
        while let Some(slot) = self.desk.dirty.get(next) {
            self.flush(*slot);
            next += 1;
        }
        self.desk.dirty.clear();
        self.desk.pieces.clear();
    }

    pub(super) fn flush(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if entry.ending {
            // Its socket may have failed: to write again would fail again, without end.
            return;
        }
        if entry.websocket.has_output() {
            let (outbox, websocket) = (&mut entry.outbox, &mut entry.websocket);
            outbox.push_frames(&mut self.desk.pieces, |private| websocket.poll_output(private));
            if !entry.websocket.can_send() {
                self.leave(slot);
            }
        }
        let Self { connections, desk, parcel, .. } = self;
        let Some(entry) = connections.get_mut(slot as usize) else { return };
        parcel.clear();
        entry.outbox.pack(&desk.pieces, &self.packing, parcel);
        self.frames_waiting -= entry.outbox.frames_waiting();
        let outcome = write_out(&mut self.poller, entry, parcel, &desk.pieces, &self.counters);
        if outcome.is_err() && entry.outbox.backlog().is_none() {
            entry.outbox.unpack(parcel);
        }
        self.frames_waiting += entry.outbox.frames_waiting();
        match outcome {
            Err(_) => self.end(slot),
            Ok(()) if entry.outbox.backlog().is_none() => {}
            Ok(()) => self.look_after(slot),
        }
        self.hang_up(slot);
    }

    /// Looks after a slow connection: what may give way does if too much waits, and the service is
    /// told of it once the client has read on; where nothing more may, the connection is closed.
    ///
    /// What was lost before this write is told before more gives way: so no delivery of a subscription
    /// that was written lies between the first and the last of those that it lost at once.
    pub(super) fn look_after(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        let Some(backlog) = entry.outbox.backlog() else { return };
        let losses = backlog.take_losses_to_tell();
        if backlog.bytes() > self.config.outbox_bytes_max {
            let before = backlog.frames();
            backlog.give_way(self.config.outbox_bytes_max);
            self.frames_waiting -= before - backlog.frames();
        }
        self.counters.slow_gave_way.add(backlog.take_uncounted());
        if backlog.is_empty() {
            entry.outbox.drop_backlog();
            if self.desk.strained.remove(&slot) {
                self.desk.awaiting.push(slot);
            }
        } else if entry.writable {
            self.unwritten.push(slot);
        }
        if !losses.is_empty() {
            let can_be_told = entry.can_send();
            let Self { service, desk, .. } = self;
            service.lost(&mut entry.connection(self.index, slot, desk), &losses, can_be_told);
        }
        self.shed(slot);
    }

    /// Closes a connection if its outbox is full: what waits for it is dropped, so that the close
    /// frame can follow what has been written in part.
    pub(super) fn shed(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        let Some(backlog) = entry.outbox.backlog() else { return };
        let is_full = backlog.bytes_behind_first() > self.config.outbox_bytes_max;
        if !is_full || !entry.websocket.can_send() {
            return;
        }
        self.counters.slow_closed.add(1);
        let dropped = backlog.drop_frames();
        self.frames_waiting -= dropped.frames;
        self.counters.slow_dropped.add(dropped.frames);
        let Self { service, desk, .. } = self;
        service.shed(&entry.connection(self.index, slot, desk), dropped);
        self.close(slot, CloseCode::TRY_AGAIN_LATER, "too slow");
    }

    /// Ends a connection that is closed, once its last frame has left and its peer has hung up too; it
    /// waits for neither for ever.
    ///
    /// Until then only the write half is closed: a socket closed over unread input, or before more of it
    /// comes, is reset, and the peer loses what it has not read yet, the close frame that says why included.
    pub(super) fn hang_up(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        let Some(closed) = entry.websocket.closed() else { return };
        if entry.ending || entry.websocket.has_output() {
            return;
        }
        let is_clean = closed.clean;
        let is_cut = !is_clean && closed.error.is_none();
        let waits = entry.outbox.backlog().is_some() || !entry.writable;
        if is_cut || (entry.has_hung_up && !waits) {
            self.end(slot);
            return;
        }
        if !waits {
            self.poller.shutdown_write(&mut entry.socket);
        }
        if !entry.lingering {
            entry.lingering = true;
            entry.armed = UNSET;
            let close_within = self.config.websocket.close_within;
            let is_all_said = is_clean && !waits;
            let within = if is_all_said { close_within.min(HANGS_UP_WITHIN) } else { close_within };
            let deadline = self.desk.now.checked_add(within);
            self.timers.arm(slot, &mut entry.armed, deadline);
        }
    }

    /// Puts a connection on the list of those that end with this turn.
    pub(super) fn end(&mut self, slot: u32) {
        let Some(entry) = self.connections.get_mut(slot as usize) else { return };
        if !entry.ending {
            entry.ending = true;
            entry.websocket.end_of_stream();
            self.cut(slot);
            self.leave(slot);
            self.ending.push(slot);
        }
    }

    /// Tells the service what was not written, and what gave way, where a connection ends before.
    fn cut(&mut self, slot: u32) {
        let Self { connections, desk, service, .. } = self;
        let Some(entry) = connections.get_mut(slot as usize) else { return };
        let losses = entry.outbox.backlog().map_or_else(Vec::new, |backlog| backlog.take_losses());
        let unwritten = entry.outbox.unwritten(&desk.pieces);
        let mut connection = entry.connection(self.index, slot, desk);
        if !losses.is_empty() {
            service.lost(&mut connection, &losses, false);
        }
        if unwritten.first.is_some() {
            service.cut(&connection, unwritten);
        }
    }

    /// Ends the subscriptions of a connection.
    pub(super) fn leave(&mut self, slot: u32) {
        let Self { connections, desk, service, .. } = self;
        if desk.hub.is_subscribed(slot) {
            service.leaving(&connections[slot as usize].connection(self.index, slot, desk));
            desk.hub.leave(slot);
        }
    }

    /// Takes leave of the connections that ended in this turn.
    pub(super) fn bury_ended(&mut self) {
        if self.ending.is_empty() {
            return;
        }
        for slot in std::mem::take(&mut self.ending) {
            let mut entry = self.connections.remove(slot as usize);
            self.frames_waiting -= entry.outbox.frames_waiting();
            self.desk.pauses.forget(slot);
            self.desk.strained.remove(&slot);
            self.poller.remove(&mut entry.socket);
            drop(entry.socket);
            let closed = entry.websocket.closed().expect("a connection that ended was closed");
            self.counters.ended.add(1);
            self.counters.ended_unclean.add(u64::from(!closed.clean));
            let key = ConnectionKey { loop_index: self.index, slot, serial: entry.serial };
            self.service.closed(key, entry.session, closed);
        }
        self.count();
        if self.connections.is_empty() {
            self.connections.shrink_to_fit();
        }
    }
}

/// Writes what waited and then the parcel, with one call; keeps what the socket does not take. A
/// backlog that has been written is left, empty.
fn write_out<P: Poller, T>(
    poller: &mut P,
    entry: &mut Entry<P::Socket, T>,
    parcel: &Parcel,
    pieces: &Pieces,
    counters: &Counters,
) -> io::Result<()> {
    let Entry { socket, outbox, writable, .. } = entry;
    if outbox.backlog().is_some() && parcel.len() > 0 {
        outbox.keep(parcel, pieces, 0);
    }
    let (taken, offered) = match outbox.backlog() {
        Some(_) if !*writable => return Ok(()),
        Some(waiting) => waiting.write(|slices| write_once(poller, socket, slices))?,
        None if parcel.len() == 0 => {
            *writable = poller.flush(socket)?;
            return Ok(());
        }
        None => parcel.write(|slices| write_once(poller, socket, slices))?,
    };
    counters.writes.add(1);
    counters.sent_bytes.add(taken as u64);
    if taken < offered || !poller.flush(socket)? {
        *writable = false;
        counters.writes_partial.add(1);
    }
    match outbox.backlog() {
        Some(waiting) => waiting.advance(taken),
        None if taken < parcel.len() => drop(outbox.keep(parcel, pieces, taken)),
        None => {}
    }
    Ok(())
}

/// Writes once, and returns the bytes taken and the bytes offered.
fn write_once<P: Poller>(
    poller: &mut P,
    socket: &mut P::Socket,
    slices: &[io::IoSlice<'_>],
) -> io::Result<(usize, usize)> {
    let offered = slices.iter().map(|slice| slice.len()).sum();
    match uninterrupted(|| poller.write(socket, slices)) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok((0, offered)),
        taken => Ok((taken?, offered)),
    }
}
