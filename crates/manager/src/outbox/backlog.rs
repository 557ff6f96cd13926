//! What a slow socket has not taken yet.

use std::collections::{HashMap, VecDeque};
use std::io::IoSlice;

use bytes::Bytes;
use campanile_hub::{RequestId, Room};

use super::SLICES_MAX;
use super::yielding::{Losses, Waiting};
use crate::publication::Slow;

/// What a slow socket has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pub(super) chunks: VecDeque<Chunk>,
    pub(super) bytes: usize,
    pub(super) frames: usize,
    /// The first chunk goes on with a frame that has been written in part.
    pub(super) mid_frame: bool,
    /// Frames that give way if too much waits.
    pub(super) droppable: usize,
    /// Which publication waits for each subscription of which only the newest is to.
    pub(super) latest: HashMap<(Room, RequestId), u64>,
    pub(super) losses: Losses,
    /// The number of the publication whose delivery was appended last.
    sequence: u64,
}

/// What was not written to a connection, not wholly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// How many frames.
    pub frames: u64,
    /// The lowest number of a publication that is among them: deliveries of earlier ones were written
    /// or gave way. None: no delivery is.
    pub first: Option<u64>,
}

/// Bytes of one frame.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    /// The number of the publication that the frame is a delivery of; of another frame, that of the
    /// delivery before it.
    pub(super) sequence: u64,
    pub(super) is_delivery: bool,
    pub(super) ends_frame: bool,
    /// On the last chunk of a frame that may give way: what it is.
    pub(super) waiting: Option<Box<Waiting>>,
}

impl Chunk {
    fn is_droppable(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.slow == Slow::DropOldest)
    }

    /// Returns the subscription of which only the newest delivery is to wait, and this is one.
    fn latest(&self) -> Option<(Room, RequestId)> {
        let latest = self.waiting.as_ref().filter(|waiting| waiting.slow == Slow::Latest)?;
        Some((latest.room.clone(), latest.id.clone()))
    }
}

/// What a chunk takes beside its bytes, so that many small ones count for what they cost.
const CHUNK_BYTES: usize = size_of::<Chunk>();

impl Backlog {
    /// Bytes of memory it stands for.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the bytes behind the frame that is being written. That one does not count against a
    /// limit: a message longer than all that may wait is no sign of a slow client.
    pub(crate) fn bytes_behind_first(&self) -> usize {
        let last = self.chunks.iter().position(|chunk| chunk.ends_frame).map_or(0, |last| last + 1);
        let first = self.chunks.iter().take(last).map(|chunk| chunk.bytes.len() + CHUNK_BYTES);
        self.bytes - first.sum::<usize>()
    }

    /// Frames that have not been written, not wholly.
    pub(crate) fn frames(&self) -> u64 {
        self.frames as u64
    }

    /// What has not been written, not wholly.
    pub(crate) fn unwritten(&self) -> Unwritten {
        self.unwritten_from(0)
    }

    /// The same, of the chunks from one on.
    fn unwritten_from(&self, chunk: usize) -> Unwritten {
        let ends = |chunk: &&Chunk| chunk.ends_frame;
        let frames = self.chunks.range(chunk..).filter(ends).count() as u64;
        let first = self.chunks.range(chunk..).find(|chunk| chunk.is_delivery);
        Unwritten { frames, first: first.map(|chunk| chunk.sequence) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Appends bytes of a frame, and drops the one before that it takes the place of.
    /// `delivery` is the number of the publication that it is a delivery of.
    pub(super) fn push(
        &mut self,
        bytes: Bytes,
        ends_frame: bool,
        delivery: Option<u64>,
        waiting: Option<Box<Waiting>>,
    ) {
        self.sequence = delivery.unwrap_or(self.sequence);
        let (sequence, is_delivery) = (self.sequence, delivery.is_some());
        let chunk = Chunk { bytes, sequence, is_delivery, ends_frame, waiting };
        if let Some(subscription) = chunk.latest()
            && let Some(before) = self.latest.get(&subscription).copied()
        {
            self.replace(before, &subscription);
        }
        self.count(&chunk);
        self.chunks.push_back(chunk);
    }

    /// Puts a chunk before all others.
    pub(super) fn put_back(&mut self, chunk: Chunk) {
        self.count(&chunk);
        self.chunks.push_front(chunk);
    }

    /// Takes out the first chunk.
    pub(super) fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop_front()?;
        self.discount(&chunk);
        Some(chunk)
    }

    fn count(&mut self, chunk: &Chunk) {
        self.bytes += chunk.bytes.len() + CHUNK_BYTES;
        self.frames += usize::from(chunk.ends_frame);
        self.droppable += usize::from(chunk.is_droppable());
        if let Some(subscription) = chunk.latest() {
            let newest = self.latest.entry(subscription).or_default();
            *newest = chunk.sequence.max(*newest);
        }
    }

    pub(super) fn discount(&mut self, chunk: &Chunk) {
        self.bytes -= chunk.bytes.len() + CHUNK_BYTES;
        self.frames -= usize::from(chunk.ends_frame);
        self.droppable -= usize::from(chunk.is_droppable());
        if let Some(subscription) = chunk.latest()
            && self.latest.get(&subscription) == Some(&chunk.sequence)
        {
            self.latest.remove(&subscription);
        }
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
        self.losses.can_be_told |= written > 0;
        while written > 0 {
            let front = self.chunks.front_mut().expect("no more is written than there was");
            let take = written.min(front.bytes.len());
            written -= take;
            self.bytes -= take;
            let _ = front.bytes.split_to(take);
            self.mid_frame = !(front.bytes.is_empty() && front.ends_frame);
            if front.bytes.is_empty() {
                self.pop();
            }
        }
    }

    /// Drops all frames but one that is half written, and returns what those were. So a close frame
    /// can still follow.
    pub(crate) fn drop_frames(&mut self) -> Unwritten {
        let kept = if self.mid_frame {
            self.chunks.iter().position(|chunk| chunk.ends_frame).map_or(0, |last| last + 1)
        } else {
            0
        };
        let dropped = self.unwritten_from(kept);
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.truncate(kept);
        let losses = std::mem::take(&mut self.losses);
        let sequence = self.sequence;
        *self = Self { mid_frame: self.mid_frame, losses, sequence, ..Self::default() };
        chunks.into_iter().rev().for_each(|chunk| self.put_back(chunk));
        dropped
    }
}
