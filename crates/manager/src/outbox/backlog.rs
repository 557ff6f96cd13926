//! What a slow socket has not taken yet.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;

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
    /// Frames that may give way, by policy.
    pub(super) droppable: usize,
    pub(super) replaceable: usize,
    pub(super) losses: Losses,
}

/// Bytes of one frame.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) ends_frame: bool,
    /// On the last chunk of a frame that may give way: what it is.
    pub(super) waiting: Option<Box<Waiting>>,
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

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(super) fn push(&mut self, chunk: Chunk) {
        self.count(&chunk);
        self.chunks.push_back(chunk);
    }

    /// Puts a chunk before all others.
    pub(super) fn put_back(&mut self, chunk: Chunk) {
        self.count(&chunk);
        self.chunks.push_front(chunk);
    }

    fn count(&mut self, chunk: &Chunk) {
        self.bytes += chunk.bytes.len() + CHUNK_BYTES;
        self.frames += usize::from(chunk.ends_frame);
        match chunk.waiting.as_ref().map(|waiting| waiting.slow) {
            Some(Slow::DropOldest) => self.droppable += 1,
            Some(Slow::Latest) => self.replaceable += 1,
            Some(Slow::Close) | None => {}
        }
    }

    /// Takes out the first chunk.
    pub(super) fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop_front()?;
        self.bytes -= chunk.bytes.len() + CHUNK_BYTES;
        self.frames -= usize::from(chunk.ends_frame);
        match chunk.waiting.as_ref().map(|waiting| waiting.slow) {
            Some(Slow::DropOldest) => self.droppable -= 1,
            Some(Slow::Latest) => self.replaceable -= 1,
            Some(Slow::Close) | None => {}
        }
        Some(chunk)
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

    /// Drops all frames but one that is half written, and returns how many those were. So a close
    /// frame can still follow.
    pub(crate) fn drop_frames(&mut self) -> usize {
        let kept = if self.mid_frame {
            self.chunks.iter().position(|chunk| chunk.ends_frame).map_or(0, |last| last + 1)
        } else {
            0
        };
        let before = self.frames;
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.truncate(kept);
        let losses = std::mem::take(&mut self.losses);
        *self = Self { mid_frame: self.mid_frame, losses, ..Self::default() };
        chunks.into_iter().for_each(|chunk| self.push(chunk));
        before - self.frames
    }
}
