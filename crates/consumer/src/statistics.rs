//! What a server has counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many threads count.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn one_more(&self) {
        self.add(1);
    }

    /// For what is a level rather than a sum.
    pub(crate) fn one_less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: Counter,)+ }

        /// What a [`Server`](crate::Server) has counted since its start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Statistics { $($(#[doc = $doc])+ pub $name: u64,)+ }

        impl Counters {
            pub(crate) fn read(&self) -> Statistics {
                Statistics { $($name: self.$name.get(),)+ }
            }
        }

        impl Statistics {
            /// Returns each number with its name and what it counts, for a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), concat!($($doc),+).trim_ascii(), self.$name)),+].into_iter()
            }
        }
    };
}

statistics! {
    /// Consumers now, each with its task; those included that are about to be let in.
    consumers,
    /// Groups that some consumer hears by the fast lane now.
    lanes,
    /// Memberships of consumers in those groups now.
    lane_members,
    /// Requests for a WebSocket.
    handshakes,
    /// Clients that were let in.
    connected,
    /// Clients that were not let in, for whatever reason.
    rejected,
    /// Of those, clients whose origin is not allowed.
    rejected_origin,
    /// Of those, clients for whom there was no place.
    rejected_full,
    /// Consumers that ended, having been told so.
    disconnected,
    /// Panics of consumers.
    panics,
    /// Messages received from clients.
    messages_received,
    /// Messages that were not what the consumer receives.
    messages_invalid,
    /// Messages sent to clients, without those of the fast lane.
    messages_sent,
    /// Events that consumers received.
    events,
    /// Events of a type that the consumer does not know, or that could not be read.
    events_unknown,
    /// Events that went to clients by the fast lane, each counted once.
    lane_events,
    /// Times that consumers were told that events may be missing.
    missed,
    /// Times that a client was not read for a while, since its consumer did not keep up.
    pauses,
    /// Connections closed because their clients did not take what was sent.
    slow_closed,
    /// Connections whose stream was of an unknown type, so that their bytes are copied.
    bridged,
}
