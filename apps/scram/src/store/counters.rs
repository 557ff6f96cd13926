//! What this process has done to entries, counted.

use super::AddError;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What this process has done to entries since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Entries that were added, or added again.
    pub added: u64,
    /// Transactions that were begun to write them.
    pub transactions: u64,
    /// Entries that somebody has removed.
    pub removed: u64,
    /// Entries that have expired.
    pub expired: u64,
    /// Entries that were not added, by the reason.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Where it is counted.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<Statistics>);

impl Counters {
    pub(super) fn read(&self) -> Statistics {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Statistics {
    pub(super) fn refuse(&mut self, error: &AddError) {
        let reason = match error {
            AddError::ActionTypeUnknown(_) => "action_type_unknown",
            AddError::ActionTypeDisabled(_) => "action_type_disabled",
            AddError::TooLarge(_) => "too_large",
            AddError::ClientUnknown => "client_unknown",
            AddError::ClientNotAllowed => "client_not_allowed",
            AddError::NotPermitted => "not_permitted",
            AddError::Ignored(_) => "ignored",
            AddError::Busy => "busy",
            AddError::Database(_) => "database",
        };
        *self.refused.entry(reason).or_default() += 1;
    }
}
