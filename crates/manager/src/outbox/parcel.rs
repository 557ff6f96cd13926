//! All that leaves for one connection in one write.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;
use campanile_wire::deflate::Shared;
use campanile_wire::{Head, OpCode};

use super::backlog::Backlog;
use super::{Piece, Pieces, SLICES_MAX, op_code};
use crate::publication::Publication;

/// How a parcel is packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    pub(crate) copy_bytes_max: usize,
    pub(crate) compress_bytes_min: usize,
    pub(crate) compression_level: u8,
}

/// All that leaves for one connection in one write: small things side by side in one buffer, large
/// ones referred to where they lie. One for each loop, used for all connections in turn.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    bytes: Vec<u8>,
    /// What stands between `bytes`: after so many of them.
    inserts: Vec<(usize, Bytes)>,
    inserted_bytes: usize,
    /// The first of the pieces that it is made of.
    pub(super) first: u32,
    /// Where in all the bytes each piece ends: a frame, or a run of frames.
    ends: Vec<usize>,
}

impl Parcel {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() + self.inserted_bytes
    }

    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 1 << 18;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.inserts.clear();
        self.inserted_bytes = 0;
        self.ends.clear();
    }

    pub(crate) fn pack_frames(&mut self, frames: &[u8]) {
        self.bytes.extend_from_slice(frames);
        self.ends.push(self.len());
    }

    #[inline]
    pub(super) fn pack_delivery(
        &mut self,
        publication: &Publication,
        private: &[u8],
        window_bits: Option<u8>,
        limits: &Packing,
    ) {
        let shared = publication.shared();
        match window_bits {
            Some(bits) if shared.len() >= limits.compress_bytes_min => {
                let compressed = publication.compressed(bits, limits.compression_level);
                self.pack_compressed(op_code(publication.kind()), compressed, private, limits);
            }
            _ => {
                let head = Head::new(
                    op_code(publication.kind()),
                    false,
                    shared.len() + private.len(),
                    None,
                );
                self.bytes.extend_from_slice(head.as_bytes());
                self.pack_shared(shared, limits);
                self.bytes.extend_from_slice(private);
            }
        }
        self.ends.push(self.len());
    }

    fn pack_compressed(
        &mut self,
        opcode: OpCode,
        shared: &Shared,
        private: &[u8],
        limits: &Packing,
    ) {
        let head = Head::new(opcode, true, shared.message_bytes(0, private.len()), None);
        self.bytes.extend_from_slice(head.as_bytes());
        self.pack_shared(shared.as_bytes(), limits);
        Shared::append_tail(private, &mut self.bytes);
    }

    #[inline]
    fn pack_shared(&mut self, shared: &Bytes, limits: &Packing) {
        if shared.len() <= limits.copy_bytes_max {
            self.bytes.extend_from_slice(shared);
        } else {
            self.inserts.push((self.bytes.len(), shared.clone()));
            self.inserted_bytes += shared.len();
        }
    }

    /// Calls `write` once with all of it, or as much as one call may take.
    pub(crate) fn write<R>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
        if self.inserts.is_empty() {
            return write(&[IoSlice::new(&self.bytes)]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for (slot, slice) in slices.iter_mut().zip(self.slices()) {
            *slot = IoSlice::new(slice);
            count += 1;
        }
        write(&slices[..count])
    }

    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.inserts.iter().map(|(at, _)| *at));
        let stops = self.inserts.iter().map(|(at, _)| *at).chain([self.bytes.len()]);
        let inserts = self.inserts.iter().map(|(_, bytes)| &bytes[..]).chain([&[][..]]);
        let own = starts.zip(stops).map(|(start, stop)| &self.bytes[start..stop]);
        own.zip(inserts).flat_map(|(own, insert)| [own, insert]).filter(|slice| !slice.is_empty())
    }

    /// Moves what stands behind `written` into a backlog, frame by frame.
    pub(super) fn rest(&self, written: usize, pieces: &Pieces, backlog: &mut Backlog) {
        let mut own = Bytes::copy_from_slice(&self.bytes);
        let mut own_at = 0;
        let mut chunks = VecDeque::new();
        for (at, insert) in &self.inserts {
            chunks.push_back(own.split_to(at - own_at));
            own_at = *at;
            chunks.push_back(insert.clone());
        }
        chunks.push_back(own);
        if written > 0 {
            backlog.mid_frame = !self.ends.contains(&written);
        }
        let (mut at, mut next) = (0, self.first);
        for end in &self.ends {
            let piece: &Piece = &pieces.pieces[next as usize];
            next = piece.next;
            while at < *end {
                let Some(mut chunk) = chunks.pop_front() else { return };
                let take = chunk.len().min(end - at);
                let mut taken = chunk.split_to(take);
                if !chunk.is_empty() {
                    chunks.push_front(chunk);
                }
                let skip = written.saturating_sub(at).min(take);
                at += take;
                taken = taken.split_off(skip);
                if !taken.is_empty() {
                    let ends_frame = at == *end;
                    let waiting = if ends_frame { pieces.waiting(piece) } else { None };
                    backlog.push(taken, ends_frame, pieces.sequence(piece), waiting);
                }
            }
        }
    }
}
