//! What has been counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that many threads count.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: Counter,)+ }

        /// What [`Accounts`](crate::Accounts) have counted since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Statistics { $($(#[doc = $doc])+ pub $name: u64,)+ }

        impl Counters {
            pub(crate) fn read(&self) -> Statistics {
                Statistics { $($name: self.$name.0.load(Ordering::Relaxed),)+ }
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
    /// Names and passwords that were right.
    logins,
    /// Names and passwords that were wrong.
    logins_failed,
    /// Logins that were refused because too many had failed.
    logins_throttled,
    /// Logins by a provider that were right.
    provider_logins,
    /// Logins by a provider that were refused, or for which it did not answer.
    provider_logins_refused,
    /// Registrations that were refused because too many came from their address.
    registrations_throttled,
    /// Sessions that were begun.
    sessions_begun,
    /// Sessions that gave way because their user had `sessions_max` of them.
    sessions_displaced,
    /// Failures that were forgotten early because there were `throttled_max` names and addresses.
    failures_displaced,
    /// Requests that were refused for the lack of the anti-forgery token, or for their origin.
    forgeries,
    /// Passwords that were not hashed because too many were waiting.
    hashes_refused,
    /// Sockets that were refused because `watched_max` was met.
    watched_full,
}
