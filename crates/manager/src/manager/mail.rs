//! In: what other threads ask.

use std::sync::Arc;
use std::time::Instant;

use campanile_hub::{Published, Room};
use campanile_wire::deflate::Agreed;
use campanile_wire::{CloseCode, Role, WebSocket};

use super::Manager;
use crate::connections::{Entry, Visit};
use crate::mailbox::{Adoption, Letter, Tally};
use crate::outbox::Outbox;
use crate::poller::Poller;
use crate::publication::{Publication, Slow};
use crate::service::{ConnectionKey, Desk, Service};
use crate::timers::UNSET;
use crate::watch::{Passage, Watch};

impl<S: Service, P: Poller> Manager<S, P> {
    /// Handles mail in the order in which it was posted, until the turn has its share of deliveries.
    pub(super) fn handle_mail(&mut self) {
        self.shared.post.collect(usize::from(self.index), &mut self.mail);
        let mut deliveries = 0;
        while deliveries < self.config.turn_deliveries_max {
            let Some(letter) = self.mail.pop_front() else { break };
            let mut bytes = 0;
            match letter {
                Letter::Publish { sequence, publication, receipt } => {
                    bytes = publication.bytes();
                    deliveries += match &publication.watch {
                        None => self.publish(sequence, &publication, receipt.as_deref()),
                        Some(watch) => {
                            let watch = Arc::clone(watch);
                            self.publish_watched(sequence, &publication, receipt.as_deref(), watch)
                        }
                    };
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

    /// Publishes, and notes when.
    fn publish_watched(
        &mut self,
        sequence: u64,
        publication: &Arc<Publication>,
        receipt: Option<&Tally>,
        watch: Arc<dyn Watch>,
    ) -> usize {
        let taken = self.poller.now();
        let deliveries = self.publish(sequence, publication, receipt);
        let (loop_index, fanned_out) = (self.index, self.poller.now());
        let passage = Passage { loop_index, taken, fanned_out, written: fanned_out, deliveries };
        self.watched.push((watch, passage));
        deliveries
    }

    /// Tells those who watch that this turn's writes are done.
    pub(super) fn tell_watches(&mut self) {
        if self.watched.is_empty() {
            return;
        }
        let written = self.poller.now();
        for (watch, passage) in self.watched.drain(..) {
            watch.passed(Passage { written, ..passage });
        }
    }

    /// Puts a publication into the outbox of each subscription's connection.
    pub(super) fn publish(
        &mut self,
        sequence: u64,
        publication: &Arc<Publication>,
        receipt: Option<&Tally>,
    ) -> usize {
        self.desk.delivered = sequence;
        let excluded = self.slots_of(publication.excluded());
        let is_plain = excluded.is_empty() && publication.slow() == Slow::Close;
        let published = if is_plain {
            self.deliver(sequence, publication)
        } else {
            self.deliver_by_room(sequence, publication, &excluded)
        };
        self.counters.publications.add(1);
        self.counters.deliveries.add(published.deliveries as u64);
        self.counters.patterns_refused.add(published.patterns_refused as u64);
        if let Some(tally) = receipt {
            tally.add(published.deliveries as u64);
        }
        published.deliveries
    }

    /// The commonest way: everybody gets it, and waits for it.
    fn deliver(&mut self, sequence: u64, publication: &Arc<Publication>) -> Published {
        let Self { connections, desk: Desk { hub, pieces, dirty, .. }, .. } = self;
        let shipment = pieces.add(sequence, Arc::clone(publication));
        hub.publish(&publication.rooms, publication.matching, sequence, |slot, id| {
            let entry = &mut connections[slot as usize];
            if entry.outbox.push_delivery(pieces, shipment, id) {
                dirty.push(slot);
            }
        })
    }

    /// Leaves some out, or lets deliveries know of which room they are, so that it is known later
    /// which subscription lost them.
    fn deliver_by_room(
        &mut self,
        sequence: u64,
        publication: &Arc<Publication>,
        excluded: &[u32],
    ) -> Published {
        let Self { connections, desk: Desk { hub, pieces, dirty, .. }, .. } = self;
        let Publication { rooms, matching, .. } = &**publication;
        let (mut shipment, mut left_out) = (None::<(Room, u32)>, 0);
        let offered = hub.publish_by_room(rooms, *matching, sequence, |room, slot, id| {
            if excluded.binary_search(&slot).is_ok() {
                left_out += 1;
                return;
            }
            let index = match &shipment {
                Some((known, index)) if known == room => *index,
                _ => {
                    let index = pieces.add_for(sequence, Arc::clone(publication), room.clone());
                    shipment.insert((room.clone(), index)).1
                }
            };
            let entry = &mut connections[slot as usize];
            if entry.outbox.push_delivery(pieces, index, id) {
                dirty.push(slot);
            }
        });
        self.counters.excluded.add(left_out as u64);
        Published { deliveries: offered.deliveries - left_out, ..offered }
    }

    /// Returns the slots of those of some connections that this loop has, sorted.
    fn slots_of(&self, keys: &[ConnectionKey]) -> Vec<u32> {
        let is_here = |key: &&ConnectionKey| {
            let entry = self.connections.get(key.slot as usize);
            key.loop_index == self.index && entry.is_some_and(|it| it.serial == key.serial)
        };
        let mut slots: Vec<u32> = keys.iter().filter(is_here).map(|key| key.slot).collect();
        slots.sort_unstable();
        slots
    }

    pub(super) fn adopt(&mut self, adoption: Adoption<P::Socket, S::Session>) {
        let Adoption { mut socket, early, deflate, session } = adoption;
        let slot = self.connections.vacant_key() as u32;
        let window_bits = deflate.and_then(shared_window_bits);
        self.serial += 1;
        self.counters.adopted.add(1);
        // One that cannot be watched is opened all the same, and ends at once: every session is
        // taken leave of in one place.
        let watched = self.poller.add(&mut socket, slot);
        let may_have_read_ahead = watched.as_ref().is_ok_and(|may| *may);
        if may_have_read_ahead {
            self.unread.push(slot);
        }
        self.connections.insert(Entry {
            socket,
            websocket: WebSocket::new(&self.config.websocket, deflate, self.desk.now),
            outbox: Outbox::new(window_bits),
            session,
            serial: self.serial,
            armed: UNSET,
            writable: true,
            unread: may_have_read_ahead,
            stream_ended: false,
            has_hung_up: false,
            ending: false,
            lingering: false,
        });
        self.desk.sequence = self.shared.post.sequence();
        let Self { connections, desk, service, .. } = self;
        service.opened(&mut connections[slot as usize].connection(self.index, slot, desk));
        if watched.is_err() {
            self.end_of_stream(slot);
        } else if self.stopping.is_some() {
            self.close(slot, CloseCode::GOING_AWAY, "");
        }
        self.receive_all(slot, &early);
        self.settle(slot);
    }

    pub(super) fn stop(&mut self, deadline: Instant) {
        self.stopping = Some(deadline);
        self.slots().for_each(|slot| self.close(slot, CloseCode::GOING_AWAY, ""));
    }

    /// All slots there are, taken or not.
    pub(super) fn slots(&self) -> std::ops::Range<u32> {
        0..self.connections.capacity() as u32
    }
}

/// Returns the window for which publications to this peer are compressed; none where this end keeps
/// context, which a message compressed elsewhere would break.
fn shared_window_bits(agreed: Agreed) -> Option<u8> {
    let sent = agreed.sent_by(Role::Server);
    (!sent.context_takeover).then_some(sent.window_bits)
}
