//! What the link, the reconciler and the metrics share.

use super::backend::{BackendError, CALL_WITHIN, Connection};
use super::desired::Desired;
use super::route::Attributes;
use super::statistics::Statistics;
use crate::cidr::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Joins the tasks of a translator.
pub struct Shared {
    desired: Mutex<Desired>,
    /// Notified when the reconciler has something to do.
    pub(super) changed: Notify,
    /// The connection to gobgpd, while it is believed to work.
    connection: Mutex<Option<Arc<dyn Connection>>>,
    /// What this translator announces, as far as it knows.
    announced: Mutex<HashMap<Network, Attributes>>,
    /// What happened.
    pub statistics: Statistics,
}

impl Shared {
    /// Wants nothing, and never more than `routes_max` routes.
    pub fn new(routes_max: usize) -> Arc<Shared> {
        Arc::new(Shared {
            desired: Mutex::new(Desired::new(routes_max)),
            changed: Notify::new(),
            connection: Mutex::new(None),
            announced: Mutex::default(),
            statistics: Statistics::default(),
        })
    }

    /// Looks at the wanted routes, or changes them, and has the reconciler follow.
    pub fn change<T>(&self, change: impl FnOnce(&mut Desired) -> T) -> T {
        let mut desired = self.desired();
        let changed = change(&mut desired);
        self.statistics.set_wanted(desired.routes().len(), desired.pending());
        drop(desired);
        self.changed.notify_one();
        changed
    }

    /// Returns the wanted routes. To be given back soon: the socket waits for them.
    pub fn desired(&self) -> MutexGuard<'_, Desired> {
        self.desired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether the network is announced, as a whole.
    ///
    /// # Errors
    ///
    /// If gobgpd does not say.
    pub async fn is_blocked(&self, network: Network) -> Result<bool, BackendError> {
        let connection = self.connection();
        let connection = connection.ok_or_else(|| {
            BackendError::Lost("the translator has no connection to gobgpd".to_owned())
        })?;
        let asked = tokio::time::timeout(CALL_WITHIN, connection.covers(network));
        asked.await.unwrap_or_else(|_| Err(BackendError::too_late()))
    }

    /// Returns what is announced: to be given back soon. It means something while there is a
    /// connection to gobgpd.
    pub(super) fn announced(&self) -> MutexGuard<'_, HashMap<Network, Attributes>> {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connection(&self) -> Option<Arc<dyn Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_connection(&self, connection: Option<Arc<dyn Connection>>) {
        self.statistics.backend_up.set(connection.is_some());
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}
