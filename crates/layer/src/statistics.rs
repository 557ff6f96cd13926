//! What is counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a layer has counted since its start, and what there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Channels of this process, now.
    pub channels: u64,
    /// Memberships of this process' channels in groups, now.
    pub memberships: u64,
    /// Messages sent to one channel.
    pub sent: u64,
    /// Messages not sent, as the channel was full.
    pub send_full: u64,
    /// Messages sent to groups.
    pub group_sent: u64,
    /// Channels that a message to a group passed over, since they were full.
    pub group_full: u64,
    /// Channels that a message to a group did not reach, since their host was lost.
    pub group_unreachable: u64,
    /// Sends that failed since the layer was lost, or did not confirm them.
    pub unavailable: u64,
    /// Messages put into the queues of this process' channels.
    pub received: u64,
    /// Messages that a channel of this process had no room for.
    pub overflowed: u64,
    /// Messages that waited for a channel's consumer longer than `expiry`.
    pub expired: u64,
    /// Messages that could not be read.
    pub undecodable: u64,
    /// Messages for channels of this process that are gone.
    pub unknown: u64,
    /// Attempts to connect to a host.
    pub connects: u64,
    /// Connections to a host that were lost.
    pub outages: u64,
    /// Leavings of groups that were given up, as too many waited for a lost host. Those
    /// memberships end by `group_expiry`.
    pub leaves_given_up: u64,
}

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where a layer counts. The fields mean what those of [`Statistics`] do.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) sent: Count,
    pub(crate) send_full: Count,
    pub(crate) group_sent: Count,
    pub(crate) group_full: Count,
    pub(crate) group_unreachable: Count,
    pub(crate) unavailable: Count,
    pub(crate) received: Count,
    pub(crate) overflowed: Count,
    pub(crate) expired: Count,
    pub(crate) undecodable: Count,
    pub(crate) unknown: Count,
    pub(crate) connects: Count,
    pub(crate) outages: Count,
    pub(crate) leaves_given_up: Count,
}

impl Counting {
    /// Returns what was counted, beside what there is now.
    pub(crate) fn read(&self, channels: usize, memberships: usize) -> Statistics {
        Statistics {
            channels: channels as u64,
            memberships: memberships as u64,
            sent: self.sent.get(),
            send_full: self.send_full.get(),
            group_sent: self.group_sent.get(),
            group_full: self.group_full.get(),
            group_unreachable: self.group_unreachable.get(),
            unavailable: self.unavailable.get(),
            received: self.received.get(),
            overflowed: self.overflowed.get(),
            expired: self.expired.get(),
            undecodable: self.undecodable.get(),
            unknown: self.unknown.get(),
            connects: self.connects.get(),
            outages: self.outages.get(),
            leaves_given_up: self.leaves_given_up.get(),
        }
    }
}
