//! What is around every request of the API: limits, and what is counted.

use campanile_accounts::{Client, PerMinute, Problem};
use campanile_application::Requests;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use campanile_application::{Neighbour, parameter};

/// What is remembered of requests: how they ended, and who has registered lately.
#[derive(Debug)]
pub struct Surface {
    pub(super) requests: Arc<Requests>,
    registrations: PerMinute,
}

/// Whose registrations are remembered at most; the oldest are forgotten.
const REMEMBERED_MAX: usize = 10_000;

impl Surface {
    /// Begins to count.
    pub fn new(registrations_per_minute_max: u32) -> Surface {
        let registrations = PerMinute::new(registrations_per_minute_max, REMEMBERED_MAX);
        Surface { requests: Arc::default(), registrations }
    }

    /// Returns how many requests were answered with each status.
    pub fn answered(&self) -> BTreeMap<u16, u64> {
        self.requests.answered()
    }

    /// Lets somebody register, or says how long to wait.
    ///
    /// # Errors
    ///
    /// [`Problem::Throttled`] if there were too many from there in the last minute.
    pub(super) fn let_register(&self, client: &Client) -> Result<(), Problem> {
        self.registrations.once_more(client)
    }
}
