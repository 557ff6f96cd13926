//! What has been counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many threads count.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one_more(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }
}

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What one process counts.
        #[derive(Debug, Default)]
        pub struct Counters { $(pub(crate) $name: Counter,)+ }

        impl Counters {
            /// Returns each number with its name and what it counts, for a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                let read = |counter: &Counter| counter.0.load(Ordering::Relaxed);
                [$((stringify!($name), concat!($($doc),+).trim_ascii(), read(&self.$name))),+]
                    .into_iter()
            }
        }
    };
}

statistics! {
    /// Messages that were stored.
    added,
    /// Messages that came again under the name that their sender's program had given them.
    repeated,
    /// Messages that were given another text.
    edited,
    /// Messages that were deleted.
    deleted,
    /// Events of messages that were published.
    published,
    /// Times that publishing was given up for a moment, since the channel layer or the database failed.
    publishing_failed,
    /// Events that a socket was told out of the database: it had been away, or had missed some.
    replayed,
    /// Times that a socket was told to load the history, since not all it had missed was kept.
    resyncs,
    /// Frames of browsers that were none, and texts that no message may have.
    invalid,
    /// Changes and frames that were refused, since there were too many.
    rate_limited,
    /// Changes that were refused for anything else.
    refused,
    /// Sockets that were refused, since their user had as many as may be.
    sockets_refused,
    /// Sockets that were closed since the two do not talk any more.
    closed_not_talking,
    /// Sockets that were closed since their user's session had ended.
    closed_session_ended,
}
