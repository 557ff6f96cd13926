//! Deliveries that give way to later ones while a socket is slow.

use std::collections::{HashMap, VecDeque};

use campanile_hub::{RequestId, Room};

use super::backlog::{Backlog, Chunk};
use crate::publication::Slow;

/// A delivery that waits and may give way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub(super) slow: Slow,
    pub(super) room: Room,
    pub(super) id: RequestId,
}

/// Deliveries that one subscription lost, since its client reads slowly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What it is subscribed to.
    pub room: Room,
    /// Under which id.
    pub id: RequestId,
    /// How many it lost.
    pub deliveries: u64,
}

/// What gave way and was not told of yet: no more entries than the connection has subscriptions.
#[derive(Debug, Default)]
pub(super) struct Losses {
    by_subscription: HashMap<(Room, RequestId), u64>,
    uncounted: u64,
    /// Something was written since they were told last. Before, telling would only fill the backlog.
    pub(super) can_be_told: bool,
}

impl Losses {
    fn add(&mut self, waiting: Waiting) {
        *self.by_subscription.entry((waiting.room, waiting.id)).or_default() += 1;
        self.uncounted += 1;
    }
}

impl Backlog {
    /// Lets the oldest deliveries that may give way do so, until `bytes_max` wait behind the frame that
    /// is being written, or none is left. Looks at no more frames than that takes.
    pub(crate) fn give_way(&mut self, bytes_max: usize) {
        let mut behind = self.bytes_behind_first();
        let mut passed = VecDeque::new();
        let mut is_first = true;
        while behind > bytes_max && self.droppable > 0 {
            let bytes_before = self.bytes;
            let frame = self.pop_frame();
            match waiting(&frame) {
                Some(waiting) if waiting.slow == Slow::DropOldest && !is_first => {
                    behind -= bytes_before - self.bytes;
                    self.losses.add(waiting.clone());
                }
                _ => passed.extend(frame),
            }
            is_first = false;
        }
        while let Some(chunk) = passed.pop_back() {
            self.put_back(chunk);
        }
    }

    /// Drops a frame that a newer one takes the place of, unless it is half written. Finding it takes
    /// a look at few chunks; those behind it move up.
    pub(super) fn replace(&mut self, frame: u64) {
        let from = self.chunks.partition_point(|chunk| chunk.frame < frame);
        let to = self.chunks.partition_point(|chunk| chunk.frame <= frame);
        if from == 0 && self.mid_frame {
            return;
        }
        let dropped: Vec<Chunk> = self.chunks.drain(from..to).collect();
        dropped.iter().for_each(|chunk| self.discount(chunk));
        if let Some(waiting) = waiting(&dropped) {
            self.losses.add(waiting.clone());
        }
    }

    /// Returns how many deliveries gave way since it was asked last.
    pub(crate) fn take_uncounted(&mut self) -> u64 {
        std::mem::take(&mut self.losses.uncounted)
    }

    /// Returns what each subscription lost since it was asked last, in the order of their rooms and
    /// ids; nothing before something was written.
    pub(crate) fn take_losses(&mut self) -> Vec<Loss> {
        if !std::mem::take(&mut self.losses.can_be_told) {
            return Vec::new();
        }
        let losses = self.losses.by_subscription.drain();
        let loss = |((room, id), deliveries)| Loss { room, id, deliveries };
        let mut losses: Vec<Loss> = losses.map(loss).collect();
        losses.sort_by(|one, other| {
            (&one.room, one.id.as_json()).cmp(&(&other.room, other.id.as_json()))
        });
        losses
    }

    fn pop_frame(&mut self) -> Vec<Chunk> {
        let mut frame = Vec::new();
        while let Some(chunk) = self.pop() {
            let is_last = chunk.ends_frame;
            frame.push(chunk);
            if is_last {
                break;
            }
        }
        frame
    }
}

fn waiting(frame: &[Chunk]) -> Option<&Waiting> {
    frame.last()?.waiting.as_deref()
}
