//! What a broker counts.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// What was counted since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters { $($(#[doc = $doc])* pub $name: u64,)* }

        impl Counters {
            /// Returns each number with its name and what it counts, for a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), concat!($($doc),*).trim_ascii(), self.$name)),*].into_iter()
            }
        }

        /// The same while they are counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counting { $(pub(crate) $name: Counter,)* }

        impl Counting {
            /// Reads them all, one after the other.
            pub(crate) fn read(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Publications that were confirmed.
    published,
    /// Publications that were sent and not confirmed.
    unconfirmed,
    /// Publications that were not sent, as the broker was lost.
    unavailable,
    /// Publications and control messages that came.
    received,
    /// Copies of a publication for several rooms that came after its first.
    duplicates_dropped,
    /// Messages that were skipped, as they were not UTF-8.
    not_text,
    /// Messages that were skipped, as they were longer than `message_bytes_max`.
    too_long,
    /// Connections that were lost after they had been established.
    losses,
    /// Times that it was back and publications may be missing from between.
    gaps,
    /// Connections that were given up as the loops were `backlog_bytes_max` behind.
    backlog_overflows,
    /// Attempts to connect.
    connects,
    /// Probes that came back.
    probes,
    /// Topics that stay listened to until the next connect, as too many changed at once.
    unlistens_put_off,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
