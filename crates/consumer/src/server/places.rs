//! A place for each consumer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::Inner;

/// As many places as there may be consumers.
#[derive(Default)]
pub(crate) struct Places {
    taken: AtomicUsize,
    free: Notify,
}

/// A consumer's place, from the request until it has taken leave.
pub(crate) struct Place(Arc<Inner>);

impl Places {
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits until all are free.
    pub(crate) async fn are_free(&self) {
        loop {
            let mut free = std::pin::pin!(self.free.notified());
            free.as_mut().enable();
            if self.taken() == 0 {
                return;
            }
            free.await;
        }
    }
}

impl Place {
    /// Takes a place; none: there is none.
    pub(crate) fn take(server: &Arc<Inner>) -> Option<Place> {
        let most = server.limits.connections_max;
        let more = |taken| (taken < most).then_some(taken + 1);
        let taken = server.places.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok()?;
        server.counters.consumers.one_more();
        Some(Place(Arc::clone(server)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.counters.consumers.one_less();
        if self.0.places.taken.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.places.free.notify_waiters();
        }
    }
}
