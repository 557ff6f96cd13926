//! From events to translators: each instance tells its own, in the order of the events.
//!
//! An event only says that an entry has changed; what is told is the entry as it is now. So an
//! event that is read twice, or late, does no harm.

mod catch_up;
mod dispatcher;
mod listener;

pub use catch_up::{CatchUp, CatchUpError};
pub use dispatcher::Dispatcher;

use crate::cidr::Network;
use crate::store::templates::Frame;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// What translators of an action type are to hear of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The number of the event that led to it; the last there was, if all entries are told anew. The
    /// entry was read after it.
    pub event: i64,
    /// When the entry was changed, if an event led to it.
    pub at: Option<DateTime<Utc>>,
    /// The number of the entry.
    pub entry: i64,
    /// The name of its action type.
    pub action_type: String,
    /// Its network.
    pub network: Network,
    /// Whether it is active now.
    pub is_active: bool,
    /// What to say of that, in this order; empty if the action type has no templates.
    pub frames: Vec<Frame>,
}

/// Who passes frames on to the translators that are connected.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Passes an entry's state on to all translators of its action type.
    ///
    /// # Errors
    ///
    /// If it cannot now, say why: it and all that follows is tried again.
    async fn deliver(&self, told: &Told) -> Result<(), String>;
}

/// The group of all translators of an action type.
pub fn group_of(action_type: &str) -> String {
    format!("translator_{action_type}")
}
