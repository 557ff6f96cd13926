//! Probes without sockets.

use axum::Extension;
use campanile_consumer::testing::{self, Communicator, Connected};
use campanile_consumer::{Limits, Server};

use crate::probe::{Journal, Probe};

/// A server without sockets, and what happens on it.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) journal: Journal,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage { server: testing::server(), journal: Journal::default() }
    }

    pub(crate) fn with(limits: Limits) -> Stage {
        let server = Server::builder().limits(limits).start_without_loops();
        Stage { server, journal: Journal::default() }
    }

    pub(crate) fn communicator(&self, target: &str) -> Communicator<Probe> {
        let communicator = Communicator::new(target).path("/");
        communicator.server(&self.server).user(Extension(self.journal.clone()))
    }

    pub(crate) async fn connect(&self, target: &str) -> Connected {
        self.communicator(target).connect().await.expect("it is let in")
    }

    /// Nothing is left of anybody.
    pub(crate) async fn is_clean(&self) {
        crate::until("all consumers to leave", || self.server.statistics().consumers == 0).await;
        crate::until("all lanes to end", || self.server.statistics().lanes == 0).await;
        let left = self.server.layer().statistics();
        assert_eq!((left.channels, left.memberships), (0, 0), "channels and memberships are left");
        assert_eq!(self.server.statistics().lane_members, 0);
    }
}
