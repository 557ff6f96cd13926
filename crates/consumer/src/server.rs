//! What all consumers of an application share: loops, channel layer, limits.

mod builder;
mod places;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Extension;
use campanile_layer::{Layer, Reach, SendError};
use campanile_manager::{self as manager, Handle, PostError, Publication};
use serde::Serialize;
use tokio::sync::watch;

pub use builder::Builder;
pub(crate) use places::{Place, Places};

use crate::events::{self, Strangers};
use crate::limits::Limits;
use crate::origin::AllowedOrigins;
use crate::relay::Relays;
use crate::service::OnLoop;
use crate::statistics::{Counters, Statistics};

/// What all consumers of an application share: the loops that have the connections, the channel layer,
/// the limits. Clones are the same server.
///
/// It is put on the router; consumers without one share a server of the process, which has the memory
/// layer and everything else by default.
///
/// ```
/// # use campanile_consumer::{Consumer, FastLane, Server};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Server::builder().loops(2).start()?;
/// let router: axum::Router = axum::Router::new().layer(server.extension());
/// // axum::serve(listener, router).with_graceful_shutdown(…).await?;
/// server.shutdown(std::time::Duration::from_secs(10)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) layer: Layer,
    pub(crate) limits: Limits,
    pub(crate) origins: AllowedOrigins,
    pub(crate) compression: bool,
    pub(crate) counters: Arc<Counters>,
    pub(crate) places: Places,
    pub(crate) relays: Relays,
    pub(crate) strangers: Strangers,
    /// None for tests, which do without.
    pub(crate) loops: Option<Handle<OnLoop>>,
    pub(crate) phase: watch::Sender<Phase>,
}

/// How far the end of a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Clients are let in.
    Runs,
    /// All connections are closed, and nobody is let in.
    Stops,
    /// Who has not taken leave does so now.
    Ends,
}

/// How long those take leave whom nobody waits for any longer.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

impl Server {
    /// Begins to make a server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the server of the process, for consumers on routers without one.
    ///
    /// # Errors
    ///
    /// If its loops cannot be started.
    pub(crate) fn of_process() -> Result<Server, &'static std::io::Error> {
        static SERVER: OnceLock<std::io::Result<Server>> = OnceLock::new();
        let server = SERVER.get_or_init(|| {
            tracing::info!(
                "the router has no campanile_consumer::Server: one with the memory layer is started"
            );
            Server::builder().start()
        });
        server.as_ref().cloned()
    }

    /// Returns what puts this server on a router: `router.layer(server.extension())`.
    pub fn extension(&self) -> Extension<Server> {
        Extension(self.clone())
    }

    /// Returns the channel layer.
    pub fn layer(&self) -> &Layer {
        &self.0.layer
    }

    /// Sends an event to all members of a group, from anywhere: a handler, say, that has the server as
    /// `Extension(server): Extension<Server>`.
    ///
    /// # Errors
    ///
    /// If it is no event, or the name is bad, or the layer cannot be reached.
    pub async fn group_send(
        &self,
        group: &str,
        event: &(impl Serialize + Sync + ?Sized),
    ) -> Result<Reach, SendError> {
        self.0.layer.group_send(group, &events::written(event)?).await
    }

    /// Returns what was counted so far.
    pub fn statistics(&self) -> Statistics {
        self.0.counters.read()
    }

    /// Returns what the loops have counted so far: connections, bytes, writes.
    pub fn loop_statistics(&self) -> manager::Statistics {
        self.0.loops.as_ref().map(Handle::statistics).unwrap_or_default()
    }

    /// Closes all connections (1001), lets in nobody any more, and waits until all consumers have
    /// taken leave, `patience` at most: who has not then is interrupted, and does so at once. Returns
    /// how many consumers are left all the same.
    pub async fn shutdown(&self, patience: Duration) -> usize {
        let Inner { phase, loops, places, .. } = &*self.0;
        phase.send_replace(Phase::Stops);
        if let Some(loops) = loops {
            loops.stop(patience);
        }
        // Whoever asks now takes a place for a moment only, before the refusal.
        if tokio::time::timeout(patience, places.are_free()).await.is_ok() {
            return 0;
        }
        phase.send_replace(Phase::Ends);
        match tokio::time::timeout(LEAVE_WITHIN, places.are_free()).await {
            Ok(()) => 0,
            // Who does not even leave in time is counted.
            Err(_) => places.taken(),
        }
    }
}

impl Inner {
    /// Publishes to the loops, and returns the publication's number in their order.
    pub(crate) fn publish(&self, publication: &Arc<Publication>) -> Result<u64, PostError> {
        let Some(loops) = &self.loops else { return Ok(0) };
        loops.publish_counted(Arc::clone(publication)).map(|receipt| receipt.sequence())
    }

    /// Takes note that a consumer panicked.
    pub(crate) fn panicked(&self, what: &str) {
        self.counters.panics.one_more();
        tracing::error!("a consumer panicked ({what}); its connection is closed, no other");
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(loops) = &self.loops {
            loops.stop(Duration::ZERO);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
