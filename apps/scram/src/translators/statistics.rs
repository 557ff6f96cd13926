//! What happened on the sockets, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many tasks count.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Counts one more.
    pub fn one_more(&self) {
        self.add(1);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Where the sockets count; the fields mean what those of [`Statistics`] do.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[doc = $doc])+ pub $name: Count,)+ }

        /// What was counted on the sockets of translators and browsers since the start.
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
    /// Translators that were not let in.
    translators_refused,
    /// Replays that were sent to their end.
    replays,
    /// Frames of replays.
    replay_frames,
    /// Frames that told of a change.
    changes_told,
    /// Changes that a translator knew already by its replay.
    changes_known,
    /// Changes that could not be told to anybody, as the layer cannot carry them.
    changes_unsendable,
    /// Heartbeats of translators.
    heartbeats,
    /// Frames of translators whose type is not known here.
    frames_unknown,
    /// Connections that were closed since what came was malformed.
    malformed,
    /// Connections that were closed since too much came.
    flooding,
    /// Checks that browsers have asked for.
    checks,
    /// Answers of translators that went to the browser that had asked.
    checks_answered,
    /// Answers that nobody had asked for, or that came twice or too late.
    answers_unasked,
    /// Comparisons of what a translator announces with what is active.
    comparisons,
    /// Networks that were found active and not announced, and were sent again.
    missing_sent,
    /// Networks that were found announced and not active.
    ghosts_found,
    /// Networks that translators were told to withdraw, for being announced and not active.
    ghosts_withdrawn,
}
