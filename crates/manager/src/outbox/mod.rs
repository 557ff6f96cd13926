//! Frames that wait for a socket.
//!
//! During a turn, what is to leave for a connection is a chain of `Piece`s in the loop's one
//! [`Pieces`]; a connection itself holds only the ends of its chain. At the end of the turn each
//! chain is put together and written with one call. Only when a socket does not take all of it does
//! the rest move to a `Backlog` of the connection's own, which is bounded.

mod backlog;
mod parcel;
#[cfg(test)]
mod tests;
mod yielding;

use std::sync::Arc;

use campanile_hub::{RequestId, Room};
use campanile_wire::{Head, Kind, OpCode};

pub(crate) use backlog::Backlog;
pub(crate) use parcel::{Packing, Parcel};

pub use backlog::Unwritten;
pub use yielding::Loss;
use yielding::Waiting;

use crate::publication::{Publication, Slow};

/// What waits for one connection.
#[derive(Debug)]
pub struct Outbox {
    first: u32,
    last: u32,
    backlog: Option<Box<Backlog>>,
    /// The window for which its publications are compressed; none: they are not.
    window_bits: Option<u8>,
}

/// No piece, or no publication.
const NONE: u32 = u32::MAX;

/// What one turn puts into all outboxes of a loop.
#[derive(Debug, Default)]
pub struct Pieces {
    pieces: Vec<Piece>,
    /// The bytes that only one connection gets: whole frames, and deliveries' own parts.
    private: Vec<u8>,
    shipments: Vec<Shipment>,
    /// To which room a shipment goes, of those that go to one; sorted.
    rooms: Vec<(u32, Room)>,
}

/// A publication to all its rooms, or to one of them.
#[derive(Debug)]
struct Shipment {
    publication: Arc<Publication>,
    sequence: u64,
}

/// A delivery, or bytes in the form they are to leave in.
#[derive(Clone, Copy, Debug)]
struct Piece {
    next: u32,
    shipment: u32,
    start: u32,
    end: u32,
}

impl Pieces {
    /// Makes the publication of a number known, and returns what to deliver it by.
    pub(crate) fn add(&mut self, sequence: u64, publication: Arc<Publication>) -> u32 {
        self.shipments.push(Shipment { publication, sequence });
        (self.shipments.len() - 1) as u32
    }

    /// Makes known the part of a publication that goes to one room: so that it is known later, if it
    /// has to give way, what whom was lost.
    pub(crate) fn add_for(
        &mut self,
        sequence: u64,
        publication: Arc<Publication>,
        room: Room,
    ) -> u32 {
        let shipment = self.add(sequence, publication);
        self.rooms.push((shipment, room));
        shipment
    }

    /// Returns whether a turn has made so many bytes that it should read no more before it has
    /// written them.
    pub(crate) fn are_many(&self) -> bool {
        const MANY: usize = 64 << 20;
        self.private.len() >= MANY
    }

    /// Forgets everything, at the end of a turn; a burst's memory is given back.
    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 1 << 16;
        self.pieces.clear();
        self.pieces.shrink_to(KEPT);
        self.private.clear();
        self.private.shrink_to(KEPT * 16);
        self.shipments.clear();
        self.rooms.clear();
        self.rooms.shrink_to(KEPT);
    }

    /// Returns what waits if `piece` does; none if it may not give way.
    fn waiting(&self, piece: &Piece) -> Option<Box<Waiting>> {
        let Shipment { publication, .. } = self.shipments.get(piece.shipment as usize)?;
        if publication.slow() == Slow::Close {
            return None;
        }
        let by_shipment = |(shipment, _): &(u32, Room)| *shipment;
        let found = self.rooms.binary_search_by_key(&piece.shipment, by_shipment).ok()?;
        let room = self.rooms[found].1.clone();
        let id = RequestId::parse(str::from_utf8(publication.id_of(self.private(piece))).ok()?)?;
        Some(Box::new(Waiting { slow: publication.slow(), room, id }))
    }

    /// Returns the number of the publication that `piece` is a delivery of; none: it is none.
    fn sequence(&self, piece: &Piece) -> Option<u64> {
        self.shipments.get(piece.shipment as usize).map(|shipment| shipment.sequence)
    }

    /// Returns the pieces of a chain.
    fn chain(&self, first: u32) -> impl Iterator<Item = &Piece> {
        let at = |index: u32| self.pieces.get(index as usize);
        std::iter::successors(at(first), move |piece| at(piece.next))
    }

    fn private(&self, piece: &Piece) -> &[u8] {
        &self.private[piece.start as usize..piece.end as usize]
    }
}

impl Outbox {
    /// Makes an empty one for a peer that agreed to take messages compressed for `window_bits`.
    pub(crate) fn new(window_bits: Option<u8>) -> Self {
        Self { first: NONE, last: NONE, backlog: None, window_bits }
    }

    /// Appends a message. Returns whether the outbox was empty.
    pub(crate) fn push_message(&mut self, pieces: &mut Pieces, kind: Kind, payload: &[u8]) -> bool {
        let head = Head::new(op_code(kind), false, payload.len(), None);
        self.push_with(pieces, |private| {
            private.extend_from_slice(head.as_bytes());
            private.extend_from_slice(payload);
        })
    }

    /// Appends whatever `write` writes: whole frames. Returns whether the outbox was empty.
    pub(crate) fn push_frames(
        &mut self,
        pieces: &mut Pieces,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        self.push_with(pieces, write)
    }

    /// Appends the delivery of a publication to the subscription `id`. Returns whether the outbox
    /// was empty.
    #[inline]
    pub(crate) fn push_delivery(
        &mut self,
        pieces: &mut Pieces,
        shipment: u32,
        id: &RequestId,
    ) -> bool {
        let Pieces { shipments, private, .. } = pieces;
        let start = private.len() as u32;
        shipments[shipment as usize].publication.append_private(id, private);
        let end = private.len() as u32;
        self.link(pieces, Piece { next: NONE, shipment, start, end })
    }

    fn push_with(&mut self, pieces: &mut Pieces, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let start = pieces.private.len() as u32;
        write(&mut pieces.private);
        let end = pieces.private.len() as u32;
        self.link(pieces, Piece { next: NONE, shipment: NONE, start, end })
    }

    #[inline]
    fn link(&mut self, pieces: &mut Pieces, piece: Piece) -> bool {
        let index = pieces.pieces.len() as u32;
        pieces.pieces.push(piece);
        let was_empty = self.first == NONE;
        if was_empty {
            self.first = index;
        } else {
            pieces.pieces[self.last as usize].next = index;
        }
        self.last = index;
        was_empty
    }

    /// Puts the chain together in `parcel`, which is empty, and lets go of it.
    pub(crate) fn pack(&mut self, pieces: &Pieces, limits: &Packing, parcel: &mut Parcel) {
        parcel.first = self.first;
        let mut next = self.first;
        while let Some(piece) = pieces.pieces.get(next as usize) {
            match pieces.shipments.get(piece.shipment as usize) {
                Some(Shipment { publication, .. }) => parcel.pack_delivery(
                    publication,
                    pieces.private(piece),
                    self.window_bits,
                    limits,
                ),
                None => parcel.pack_frames(pieces.private(piece)),
            }
            next = piece.next;
        }
        (self.first, self.last) = (NONE, NONE);
    }

    /// Takes back a parcel of which nothing was written, and nothing will be.
    pub(crate) fn unpack(&mut self, parcel: &Parcel) {
        self.first = parcel.first;
    }

    /// Returns what is not written, not wholly.
    pub(crate) fn unwritten(&self, pieces: &Pieces) -> Unwritten {
        let backlog = self.backlog.as_ref();
        let waiting = backlog.map_or_else(Unwritten::default, |backlog| backlog.unwritten());
        let mut chain = pieces.chain(self.first);
        let first = waiting.first.or_else(|| chain.find_map(|piece| pieces.sequence(piece)));
        Unwritten { first, frames: waiting.frames + pieces.chain(self.first).count() as u64 }
    }

    /// Returns what subscriptions lost, and were not told of yet.
    pub(crate) fn losses(&self) -> Vec<Loss> {
        self.backlog.as_ref().map_or_else(Vec::new, |backlog| backlog.losses())
    }

    /// Returns what an earlier turn could not write.
    pub(crate) fn backlog(&mut self) -> Option<&mut Backlog> {
        self.backlog.as_deref_mut()
    }

    /// Keeps for later what of a parcel has not been written.
    pub(crate) fn keep(
        &mut self,
        parcel: &Parcel,
        pieces: &Pieces,
        written: usize,
    ) -> &mut Backlog {
        let backlog = self.backlog.get_or_insert_default();
        parcel.rest(written, pieces, backlog);
        backlog
    }

    /// Returns how many frames an earlier turn could not write, not wholly.
    pub(crate) fn frames_waiting(&self) -> u64 {
        self.backlog.as_ref().map_or(0, |backlog| backlog.frames())
    }

    /// Returns how many bytes an earlier turn could not write.
    pub(crate) fn bytes_waiting(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.bytes())
    }

    /// Gives up the backlog's memory once all of it is written.
    pub(crate) fn drop_backlog(&mut self) {
        self.backlog = None;
    }
}

#[inline]
fn op_code(kind: Kind) -> OpCode {
    match kind {
        Kind::Text => OpCode::Text,
        Kind::Binary => OpCode::Binary,
    }
}

/// Slices in one write call: enough for 31 large payloads, and far below IOV_MAX.
const SLICES_MAX: usize = 64;
