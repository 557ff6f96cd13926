//! What SCRAM knows, and the only way to change it.
//!
//! Each change of an entry is written in one transaction: the row, its history, and an event for
//! the dispatchers of all instances. [`entries`] and [`expiry`] are the only ones that write
//! entries.

pub mod action_types;
mod changes;
pub mod clients;
mod counters;
pub mod entries;
mod error;
pub mod events;
pub mod expiry;
pub mod history;
pub mod ignore;
mod ignored;
pub mod import;
mod networks;
pub mod pages;
pub mod snapshots;
pub mod templates;
pub mod translator_tokens;
mod writing;

pub use counters::Statistics;
pub use error::{AddError, ChangeError, FindError, RemoveError};

use crate::database::Database;
use crate::settings::PrefixLimits;
use chrono::{DateTime, SubsecRound, Utc};
use counters::Counters;
use entries::Waiting;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// What SCRAM knows. A clone is another handle to the same.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    origin: Arc<str>,
    limits: PrefixLimits,
    changed: Arc<Notify>,
    expiring: Arc<Notify>,
    waiting: Arc<Waiting>,
    counters: Arc<Counters>,
}

/// Who asks for a change, as far as a request has shown it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The name of the user who is logged in or has sent a token.
    pub user: Option<String>,
    /// Whether this user may add and remove entries.
    pub may_write: bool,
    /// What a program has shown instead.
    pub client: Option<Uuid>,
}

impl Store {
    /// Makes a handle. `origin` is this instance's name in what it writes.
    pub fn new(database: Database, origin: &str, limits: PrefixLimits) -> Store {
        Store {
            database,
            origin: origin.into(),
            limits,
            changed: Arc::default(),
            expiring: Arc::default(),
            waiting: Arc::default(),
            counters: Arc::default(),
        }
    }

    /// Returns the same with other limits; what is known is shared.
    #[must_use]
    pub fn with_limits(&self, limits: PrefixLimits) -> Store {
        Store { limits, ..self.clone() }
    }

    /// Returns the database beneath.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns what this process has done to entries since its start.
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Returns how many adds wait for the transaction before theirs.
    pub fn waiting(&self) -> usize {
        self.waiting.count()
    }

    /// Waits until this process has changed an entry; for the dispatcher.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until the nearest expiration may have changed; for the timer.
    pub(crate) async fn expiring(&self) {
        self.expiring.notified().await;
    }

    /// Wakes the timer: another instance has changed an entry.
    pub(crate) fn wake_timer(&self) {
        self.expiring.notify_one();
    }

    /// Wakes whoever acts on changes.
    fn wake(&self) {
        self.changed.notify_one();
        self.expiring.notify_one();
    }
}

/// Returns the expiration of what never ends: 9999-12-31T00:00:00Z.
pub fn never() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_214_400, 0).expect("it is a time")
}

/// Returns the time as both databases keep it: whole microseconds, in years of four digits.
fn moment(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6).clamp(DateTime::UNIX_EPOCH, never())
}

fn now() -> DateTime<Utc> {
    moment(Utc::now())
}
