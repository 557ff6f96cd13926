//! Frames that wait for a socket.
//!
//! During a turn, what is to leave for a connection is a chain of [`Piece`]s in the loop's one
//! [`Pieces`]; a connection itself holds only the ends of its chain. At the end of the turn each
//! chain is put together and written with one call. Only when a socket does not take all of it does
//! the rest move to a [`Backlog`] of the connection's own, which is bounded.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use bytes::Bytes;
use campanile_hub::RequestId;
use campanile_wire::deflate::Shared;
use campanile_wire::{Head, Kind, OpCode};

use crate::publication::Publication;

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
    publications: Vec<Arc<Publication>>,
}

/// A delivery, or bytes in the form they are to leave in.
#[derive(Clone, Copy, Debug)]
struct Piece {
    next: u32,
    publication: u32,
    start: u32,
    end: u32,
}

impl Pieces {
    /// Makes a publication known, and returns what to deliver it by.
    pub(crate) fn add(&mut self, publication: Arc<Publication>) -> u32 {
        self.publications.push(publication);
        (self.publications.len() - 1) as u32
    }

    /// Forgets everything, at the end of a turn; a burst's memory is given back.
    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 1 << 16;
        self.pieces.clear();
        self.pieces.shrink_to(KEPT);
        self.private.clear();
        self.private.shrink_to(KEPT * 16);
        self.publications.clear();
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
        self.push_with(pieces, NONE, |private| {
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
        self.push_with(pieces, NONE, write)
    }

    /// Appends the delivery of a publication to the subscription `id`. Returns whether the outbox
    /// was empty.
    #[inline]
    pub(crate) fn push_delivery(
        &mut self,
        pieces: &mut Pieces,
        publication: u32,
        id: &RequestId,
    ) -> bool {
        let Pieces { publications, private, .. } = pieces;
        let start = private.len() as u32;
        publications[publication as usize].append_private(id, private);
        let end = private.len() as u32;
        self.link(pieces, Piece { next: NONE, publication, start, end })
    }

    fn push_with(
        &mut self,
        pieces: &mut Pieces,
        publication: u32,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let start = pieces.private.len() as u32;
        write(&mut pieces.private);
        let end = pieces.private.len() as u32;
        self.link(pieces, Piece { next: NONE, publication, start, end })
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
        let mut next = self.first;
        while let Some(piece) = pieces.pieces.get(next as usize) {
            match pieces.publications.get(piece.publication as usize) {
                Some(publication) => parcel.pack_delivery(
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

    /// Returns what an earlier turn could not write.
    pub(crate) fn backlog(&mut self) -> Option<&mut Backlog> {
        self.backlog.as_deref_mut()
    }

    /// Keeps for later what of a parcel has not been written.
    pub(crate) fn keep(&mut self, parcel: &Parcel, written: usize) -> &mut Backlog {
        let backlog = self.backlog.get_or_insert_default();
        parcel.rest(written, backlog);
        backlog
    }

    /// Gives up the backlog's memory once all of it is written.
    pub(crate) fn drop_backlog(&mut self) {
        self.backlog = None;
    }
}

fn op_code(kind: Kind) -> OpCode {
    match kind {
        Kind::Text => OpCode::Text,
        Kind::Binary => OpCode::Binary,
    }
}

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
    /// Where in all the bytes each frame (or run of frames in one piece) ends.
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
    fn pack_delivery(
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
                self.pack_compressed(compressed, private, limits);
            }
            _ => {
                let head = Head::new(OpCode::Text, false, shared.len() + private.len(), None);
                self.bytes.extend_from_slice(head.as_bytes());
                self.pack_shared(shared, limits);
                self.bytes.extend_from_slice(private);
            }
        }
        self.ends.push(self.len());
    }

    fn pack_compressed(&mut self, shared: &Shared, private: &[u8], limits: &Packing) {
        let head = Head::new(OpCode::Text, true, shared.message_bytes(0, private.len()), None);
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
    fn rest(&self, written: usize, backlog: &mut Backlog) {
        let mut own = Bytes::copy_from_slice(&self.bytes);
        let mut own_at = 0;
        let mut chunks = VecDeque::new();
        for (at, insert) in &self.inserts {
            chunks.push_back(own.split_to(at - own_at));
            own_at = *at;
            chunks.push_back(insert.clone());
        }
        chunks.push_back(own);
        let mut at = 0;
        for end in &self.ends {
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
                    backlog.push(Chunk { bytes: taken, ends_frame: at == *end });
                }
            }
        }
        backlog.mid_frame = written > 0 && !self.ends.contains(&written);
    }
}

/// Slices in one write call: enough for 31 large payloads, and far below IOV_MAX.
const SLICES_MAX: usize = 64;

/// What a slow socket has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    frames: usize,
    /// The first chunk goes on with a frame that has been written in part.
    mid_frame: bool,
}

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    ends_frame: bool,
}

/// What a chunk takes beside its bytes, so that many small ones count for what they cost.
const CHUNK_BYTES: usize = size_of::<Chunk>();

impl Backlog {
    /// Bytes of memory it stands for.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    fn push(&mut self, chunk: Chunk) {
        self.bytes += chunk.bytes.len() + CHUNK_BYTES;
        self.frames += usize::from(chunk.ends_frame);
        self.chunks.push_back(chunk);
    }

    /// Calls `write` once with the first chunks.
    pub(crate) fn write<R>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for (slot, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slot = IoSlice::new(&chunk.bytes);
            count += 1;
        }
        write(&slices[..count])
    }

    /// Takes away what has been written.
    pub(crate) fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let front = self.chunks.front_mut().expect("no more is written than there was");
            let take = written.min(front.bytes.len());
            written -= take;
            self.bytes -= take;
            let _ = front.bytes.split_to(take);
            self.mid_frame = !(front.bytes.is_empty() && front.ends_frame);
            if front.bytes.is_empty() {
                self.bytes -= CHUNK_BYTES;
                self.frames -= usize::from(front.ends_frame);
                self.chunks.pop_front();
            }
        }
    }

    /// Drops all frames but one that is half written, and returns how many those were. So a close
    /// frame can still follow.
    pub(crate) fn drop_frames(&mut self) -> usize {
        let kept = if self.mid_frame {
            self.chunks.iter().position(|chunk| chunk.ends_frame).map_or(0, |last| last + 1)
        } else {
            0
        };
        let before = self.frames;
        self.chunks.truncate(kept);
        self.bytes = self.chunks.iter().map(|chunk| chunk.bytes.len() + CHUNK_BYTES).sum();
        self.frames = usize::from(self.mid_frame);
        before - self.frames
    }
}
