//! Connections that are not read for a while, since their service does not keep up.
//!
//! They are few, so that they stand beside the connections: one that is read costs nothing for it.

use std::collections::BTreeMap;

use campanile_hub::ConnectionId;

/// The connections of a loop that are not read.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    paused: BTreeMap<ConnectionId, Pause>,
    /// Those to read on from at the end of this turn.
    ending: Vec<ConnectionId>,
}

/// What is kept for a connection while it is not read.
#[derive(Debug, Default)]
struct Pause {
    /// What was read and not looked at: one buffer of the loop at most, or what came early.
    kept: Vec<u8>,
    ends: bool,
}

impl Pauses {
    /// Returns whether a connection is not to be read: until its pause has ended and what was kept
    /// is worked off.
    #[inline]
    pub(crate) fn hold(&self, slot: ConnectionId) -> bool {
        !self.paused.is_empty() && self.paused.contains_key(&slot)
    }

    pub(crate) fn begin(&mut self, slot: ConnectionId) {
        self.paused.entry(slot).or_default().ends = false;
    }

    pub(crate) fn end(&mut self, slot: ConnectionId) {
        if let Some(pause) = self.paused.get_mut(&slot).filter(|pause| !pause.ends) {
            pause.ends = true;
            self.ending.push(slot);
        }
    }

    /// Keeps what was read from a connection until its pause ends.
    pub(crate) fn keep(&mut self, slot: ConnectionId, bytes: &[u8]) {
        if !bytes.is_empty()
            && let Some(pause) = self.paused.get_mut(&slot)
        {
            pause.kept.extend_from_slice(bytes);
        }
    }

    /// Returns whether some pause ends with this turn.
    pub(crate) fn are_ending(&self) -> bool {
        !self.ending.is_empty()
    }

    /// Takes out those that end with this turn.
    pub(crate) fn take_ending(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.ending)
    }

    /// Ends a pause, unless it was begun again, and returns what was kept.
    pub(crate) fn take(&mut self, slot: ConnectionId) -> Option<Vec<u8>> {
        if self.paused.get(&slot).is_none_or(|pause| !pause.ends) {
            return None;
        }
        self.paused.remove(&slot).map(|pause| pause.kept)
    }

    /// Forgets a connection that is gone.
    pub(crate) fn forget(&mut self, slot: ConnectionId) {
        self.paused.remove(&slot);
    }
}
