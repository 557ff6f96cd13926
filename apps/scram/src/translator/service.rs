//! All of a translator put together.

mod once;

use super::backend::{Backend, CALL_WITHIN, Gobgp, Memory};
use super::link::Link;
use super::metrics;
use super::reconciler::Reconciler;
use super::settings::{BackendKind, Settings};
use super::shared::Shared;
use crate::cidr::Network;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use once::{Difference, once};

/// How many routes are withdrawn by one call at the end.
const BATCH: usize = 500;

/// Makes the backend that the settings name.
pub fn backend(settings: &Settings) -> Arc<dyn Backend> {
    match settings.backend {
        BackendKind::Gobgp => Arc::new(Gobgp::new(&settings.gobgp_host, settings.gobgp_port)),
        BackendKind::Memory => Arc::new(Memory::default()),
    }
}

/// Translates until `stop` says so.
///
/// # Errors
///
/// If the listener for the metrics cannot be opened.
pub async fn run(
    settings: &Settings,
    backend: Arc<dyn Backend>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let shared = Shared::new(settings.routes_max);
    let metrics = match settings.metrics_listen {
        None => None,
        Some(address) => {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                let what =
                    format!("TRANSLATOR_METRICS_LISTEN: cannot listen at {address}: {error}");
                io::Error::new(error.kind(), what)
            })?;
            Some(tokio::spawn(metrics::serve(listener, Arc::clone(&shared))))
        }
    };
    let reconciler = Reconciler {
        backend,
        shared: Arc::clone(&shared),
        defaults: settings.defaults,
        compare_every: settings.compare_every,
    };
    let reconciler = tokio::spawn(reconciler.run());
    link(settings, Arc::clone(&shared)).run(stop).await;
    reconciler.abort();
    if settings.withdraw_at_end {
        withdraw_wanted(&shared).await;
    }
    metrics.inspect(tokio::task::JoinHandle::abort);
    Ok(())
}

fn link(settings: &Settings, shared: Arc<Shared>) -> Link {
    Link {
        url: settings.events_url.clone(),
        token: settings.token.clone(),
        name: settings.name.clone(),
        heartbeat_every: settings.heartbeat_every,
        defaults: settings.defaults,
        replay_quiet: settings.replay_quiet,
        shared,
    }
}

async fn withdraw_wanted(shared: &Shared) {
    let networks: Vec<Network> = shared.desired().routes().keys().copied().collect();
    let Some(connection) = shared.connection() else {
        tracing::warn!(routes = networks.len(), "no connection: what was announced stays");
        return;
    };
    for batch in networks.chunks(BATCH) {
        let withdrawn = tokio::time::timeout(CALL_WITHIN, connection.withdraw(batch)).await;
        if !matches!(withdrawn, Ok(Ok(()))) {
            tracing::warn!(?withdrawn, "not all routes could be withdrawn");
            return;
        }
    }
    tracing::info!(
        routes = networks.len(),
        "all wanted routes are withdrawn, as WITHDRAW_AT_END says"
    );
}
