//! What DIGI knows, and the only way to change it.
//!
//! Each change of a message is written in one transaction: the message, an event with the next
//! number of its conversation, and the wish to publish that. A conversation is asked about by a
//! [`Membership`], which only its two users have.

mod answers;
mod error;
mod events;
mod history;
mod listing;
mod membership;
mod messages;
mod outbox;
mod people;
mod presence;
mod reading;
mod requests;
mod search;

pub use answers::Answer;
pub use error::{ConversationError, FindError, WriteError};
pub use events::{Replay, Told};
pub use history::{History, Page};
pub use listing::{Line, UNREAD_AMONG};
pub use membership::{Membership, Standing};
pub use messages::{Added, CLIENT_ID_CHARS_MAX, NewMessage};
pub use presence::{Here, SILENT_AFTER};
pub use requests::Requested;
pub use search::QUERY_CHARS_MIN;

use crate::database::Database;
use crate::settings::Limits;
use chrono::{DateTime, SubsecRound, Utc};
use std::sync::Arc;
use tokio::sync::Notify;

/// What DIGI knows. A clone is another handle to the same.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    instance: Arc<str>,
    limits: Limits,
    changed: Arc<Notify>,
}

impl Store {
    /// Makes a handle. `instance` is this process's own name in what it is to publish.
    pub fn new(database: Database, instance: &str, limits: Limits) -> Store {
        Store { database, instance: instance.into(), limits, changed: Arc::default() }
    }

    /// Returns the database beneath.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Waits until this process has something to publish.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Returns the time as both databases keep it: in whole microseconds.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
