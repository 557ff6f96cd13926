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
    /// The number of the first publication that it lost a delivery of,
    pub first: u64,
    /// and of the last. Of those between, it may have got some.
    pub last: u64,
}

/// How much one subscription lost.
#[derive(Clone, Copy, Debug)]
struct Amount {
    deliveries: u64,
    first: u64,
    last: u64,
}

/// What gave way and was not told of yet: no more entries than the connection has subscriptions.
#[derive(Debug, Default)]
pub(super) struct Losses {
    by_subscription: HashMap<(Room, RequestId), Amount>,
    uncounted: u64,
    /// Something was written since they were told last. Before, telling would only fill the backlog.
    pub(super) can_be_told: bool,
}

impl Losses {
    fn add(&mut self, waiting: Waiting, sequence: u64) {
        let none = Amount { deliveries: 0, first: sequence, last: sequence };
        let amount = self.by_subscription.entry((waiting.room, waiting.id)).or_insert(none);
        amount.deliveries += 1;
        amount.first = amount.first.min(sequence);
        amount.last = amount.last.max(sequence);
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
                Some((waiting, sequence)) if waiting.slow == Slow::DropOldest && !is_first => {
                    behind -= bytes_before - self.bytes;
                    self.losses.add(waiting.clone(), sequence);
                }
                _ => passed.extend(frame),
            }
            is_first = false;
        }
        while let Some(chunk) = passed.pop_back() {
            self.put_back(chunk);
        }
    }

    /// Drops the delivery of a publication to a subscription, which a newer one takes the place of,
    /// unless it is half written. Finding it takes a look at few chunks; those behind it move up.
    pub(super) fn replace(&mut self, sequence: u64, subscription: &(Room, RequestId)) {
        let first = self.chunks.partition_point(|chunk| chunk.sequence < sequence);
        let (mut from, mut to) = (first, first);
        // The deliveries of a publication stand before all else that has its number.
        while let Some(chunk) = self.chunks.get(to) {
            to += 1;
            match &chunk.waiting {
                Some(it) if it.room == subscription.0 && it.id == subscription.1 => break,
                _ if chunk.ends_frame => from = to,
                _ => {}
            }
        }
        if from == 0 && self.mid_frame {
            return;
        }
        let dropped: Vec<Chunk> = self.chunks.drain(from..to).collect();
        dropped.iter().for_each(|chunk| self.discount(chunk));
        if let Some((waiting, sequence)) = waiting(&dropped) {
            self.losses.add(waiting.clone(), sequence);
        }
    }

    /// Returns how many deliveries gave way since it was asked last.
    pub(crate) fn take_uncounted(&mut self) -> u64 {
        std::mem::take(&mut self.losses.uncounted)
    }

    /// Takes what each subscription lost since they were told last; nothing before something was
    /// written.
    pub(crate) fn take_losses_to_tell(&mut self) -> Vec<Loss> {
        if std::mem::take(&mut self.losses.can_be_told) { self.take_losses() } else { Vec::new() }
    }

    /// Takes what each subscription lost since they were told last.
    pub(crate) fn take_losses(&mut self) -> Vec<Loss> {
        let losses = self.losses();
        self.losses.by_subscription.clear();
        losses
    }

    /// Returns what each subscription lost since they were told last, in the order of their rooms and
    /// ids.
    pub(crate) fn losses(&self) -> Vec<Loss> {
        let loss = |((room, id), amount): (&(Room, RequestId), &Amount)| {
            let Amount { deliveries, first, last } = *amount;
            Loss { room: room.clone(), id: id.clone(), deliveries, first, last }
        };
        let mut losses: Vec<Loss> = self.losses.by_subscription.iter().map(loss).collect();
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

/// Returns which delivery a frame is, of which publication; none: it may not give way.
fn waiting(frame: &[Chunk]) -> Option<(&Waiting, u64)> {
    let last = frame.last()?;
    last.waiting.as_deref().map(|waiting| (waiting, last.sequence))
}
