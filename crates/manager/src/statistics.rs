//! What the loops have done, counted.

use campanile_wire::Overdue;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one loop writes and anybody reads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `more`. Only the loop that owns the counter may: so it needs no locked instruction.
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    /// Sets what is a level rather than a sum.
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Returns the number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts what a peer did not do in its time.
    pub(crate) fn overdue(&self, what: Overdue) {
        let counter = match what {
            Overdue::Pong => &self.pongs_missed,
            Overdue::Message => &self.messages_unfinished,
            Overdue::Quiet => &self.inactive_closed,
            Overdue::Close => &self.closes_unanswered,
        };
        counter.add(1);
    }
}

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// One loop's counters.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[doc = $doc])+ pub $name: Counter,)+ }

        /// The sums over all loops.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Statistics { $($(#[doc = $doc])+ pub $name: u64,)+ }

        impl Statistics {
            /// Adds one loop's counters.
            pub fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)+
            }

            /// Returns each number with its name and what it counts, for a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), concat!($($doc),+).trim_ascii(), self.$name)),+].into_iter()
            }
        }
    };
}

statistics! {
    /// Open connections now.
    connections,
    /// Rooms with at least one subscription now, counted once for each loop.
    rooms,
    /// Subscriptions now.
    subscriptions,
    /// Connections taken over from the opening handshake.
    adopted,
    /// Connections that ended.
    ended,
    /// Connections that ended without a closing handshake.
    ended_unclean,
    /// Connections closed because the peer broke the protocol.
    protocol_errors,
    /// Connections given up because a ping was not answered.
    pongs_missed,
    /// Connections closed because a message was begun and not ended in its time.
    messages_unfinished,
    /// Connections closed because no message came from their clients for too long.
    inactive_closed,
    /// Connections given up because a close was not answered.
    closes_unanswered,
    /// Connections closed because their outbox was full.
    slow_closed,
    /// Deliveries and replies dropped with a slow connection.
    slow_dropped,
    /// Deliveries that gave way to later ones where a connection was slow.
    slow_gave_way,
    /// Messages received.
    messages_received,
    /// Bytes received.
    received_bytes,
    /// Replies and other messages to one connection.
    messages_sent,
    /// Publications taken from the mailbox, counted once for each loop.
    publications,
    /// Deliveries put into outboxes.
    deliveries,
    /// Deliveries left out because their publication excluded the connection.
    excluded,
    /// Patterns of triggers refused because they stood for too many rooms.
    patterns_refused,
    /// Bytes that sockets took.
    sent_bytes,
    /// Write calls.
    writes,
    /// Write calls that took less than all.
    writes_partial,
    /// Deliveries and replies that wait in the outboxes of slow connections now.
    frames_waiting,
    /// Turns of the loops.
    turns,
}
