//! Acknowledgements: in order, as publications are taken.

use crate::event::Taken;
use lapin::Channel;
use lapin::options::BasicAckOptions;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc;

/// What was delivered by one channel and what of it was taken.
pub(super) struct Acknowledging {
    prefetch: u64,
    /// Delivery tags, which count from one.
    delivered: AtomicU64,
    acknowledged: AtomicU64,
    /// Whether what was delivered waits for room among what the loops have to take.
    waiting: AtomicBool,
    taken: mpsc::UnboundedSender<u64>,
}

impl Acknowledging {
    /// Starts to acknowledge on a channel; ends with the last delivery that is not taken yet.
    pub(super) fn start(channel: Channel, prefetch: u16) -> Arc<Acknowledging> {
        // Never more wait here than RabbitMQ delivers unacknowledged: the prefetch.
        let (taken, receiver) = mpsc::unbounded_channel();
        let (delivered, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
        let prefetch = u64::from(prefetch.max(1));
        let waiting = AtomicBool::new(false);
        let this = Arc::new(Acknowledging { prefetch, delivered, acknowledged, waiting, taken });
        tokio::spawn(acknowledge(channel, receiver, Arc::downgrade(&this)));
        this
    }

    /// Takes note of a delivery, which is taken when what this returns is dropped.
    pub(super) fn delivered(self: &Arc<Self>, tag: u64) -> Taken {
        self.delivered.store(tag, Ordering::Relaxed);
        let taken = self.taken.clone();
        Taken::then(move || {
            let _ = taken.send(tag);
        })
    }

    /// Takes note of whether what was delivered waits for room.
    pub(super) fn waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// Says whether RabbitMQ waits for this node: there is no room, or the prefetch is used up.
    pub(super) fn is_held_back(&self) -> bool {
        let (delivered, acknowledged) = (&self.delivered, &self.acknowledged);
        self.waiting.load(Ordering::Relaxed)
            || delivered.load(Ordering::Relaxed)
                >= acknowledged.load(Ordering::Relaxed) + self.prefetch
    }
}

/// Acknowledges all up to the first that is not taken yet.
async fn acknowledge(
    channel: Channel,
    mut receiver: mpsc::UnboundedReceiver<u64>,
    acknowledging: std::sync::Weak<Acknowledging>,
) {
    let mut batch = Vec::new();
    let mut out_of_turn = BTreeSet::new();
    let mut acknowledged = 0;
    while receiver.recv_many(&mut batch, usize::from(u16::MAX)).await > 0 {
        out_of_turn.extend(batch.drain(..));
        let before = acknowledged;
        while out_of_turn.remove(&(acknowledged + 1)) {
            acknowledged += 1;
        }
        if acknowledged == before {
            continue;
        }
        if channel.basic_ack(acknowledged, BasicAckOptions { multiple: true }).await.is_err() {
            // The connection has ended, which its consumer says.
            return;
        }
        if let Some(acknowledging) = acknowledging.upgrade() {
            acknowledging.acknowledged.store(acknowledged, Ordering::Relaxed);
        }
    }
}
