//! This node.

use super::State;
use super::parameters::{Answered, Json};
use crate::config::{SECTIONS, effective_text};
use crate::time::Time;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How this node is.
#[derive(Serialize, ToSchema)]
pub(super) struct NodeStatus {
    /// What it is called, until it is restarted.
    #[schema(example = "web-1-5f3a90c1")]
    node: Box<str>,
    /// Which version runs.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// When it was started.
    online_since: String,
    /// For how many seconds it runs.
    uptime_s: u64,
    /// Whether it is ready, as `/readyz` says.
    ready: bool,
    /// How it stands with the broker.
    broker: BrokerStatus,
    /// Event loops.
    loops: usize,
    /// Open connections that were let in.
    connections: u64,
    /// Users that have a connection.
    users: usize,
    /// What the loops have counted, as in `/metrics`.
    counters: BTreeMap<&'static str, u64>,
}

/// How it stands with the broker.
#[derive(Serialize, ToSchema)]
pub(super) struct BrokerStatus {
    /// Which it is: `amqp`, `redis`, `nats`, the same with TLS, or `memory` for a node alone.
    #[schema(example = "redis")]
    kind: String,
    /// Whether this node hears from it.
    connected: bool,
    /// What happened and what to do, if not.
    trouble: Option<String>,
    /// What was counted.
    counters: BTreeMap<&'static str, u64>,
}

/// The configuration in effect.
#[derive(Serialize, ToSchema)]
pub(super) struct Effective {
    /// All of it, as a `campanile.toml`.
    toml: String,
    /// Every setting.
    settings: Vec<Setting>,
}

/// A setting.
#[derive(Serialize, ToSchema)]
pub(super) struct Setting {
    /// In which table of the file.
    #[schema(example = "public")]
    section: &'static str,
    /// Its name there.
    #[schema(example = "listen")]
    name: &'static str,
    /// Its value as TOML; of a secret only that there is one.
    #[schema(example = "\"127.0.0.1:8000\"")]
    value: String,
    /// Its default as TOML.
    default: &'static str,
    /// Whether a change takes effect on SIGHUP.
    live: bool,
    /// What it means.
    meaning: String,
}

/// Tells how this node is.
#[utoipa::path(
    get, path = "/status", tag = "node",
    responses((status = 200, description = "How it is.", body = NodeStatus))
)]
pub(super) async fn status(axum::extract::State(shared): State) -> Answered<NodeStatus> {
    let statistics = shared.handle.statistics();
    let since = shared.settings.online_since;
    let trouble = shared.publishing.trouble();
    let broker = BrokerStatus {
        kind: shared.config().broker.url.as_ref().map_or_else(
            || "memory".to_owned(),
            |url| url.to_string().split("://").next().unwrap_or_default().to_owned(),
        ),
        connected: trouble.is_none(),
        trouble: trouble.clone(),
        counters: shared
            .publishing
            .broker
            .counters()
            .iter()
            .map(|(name, _, value)| (name, value))
            .collect(),
    };
    let authorized = &shared.settings.counters.authorized;
    Ok(Json(NodeStatus {
        node: shared.control.node.clone(),
        version: env!("CARGO_PKG_VERSION"),
        online_since: format!("{}Z", Time(since)),
        uptime_s: since.elapsed().unwrap_or_default().as_secs(),
        ready: !shared.is_leaving() && trouble.is_none(),
        broker,
        loops: shared.handle.loops(),
        connections: authorized.load(std::sync::atomic::Ordering::Relaxed),
        users: shared.settings.users.len(),
        counters: statistics.iter().map(|(name, _, value)| (name, value)).collect(),
    }))
}

/// Shows the configuration in effect; secrets are hidden.
#[utoipa::path(
    get, path = "/config", tag = "node",
    responses((status = 200, description = "Every setting.", body = Effective))
)]
pub(super) async fn config(axum::extract::State(shared): State) -> Answered<Effective> {
    let config = shared.config();
    let settings = SECTIONS.iter().flat_map(|section| section.keys).map(|key| Setting {
        section: key.section,
        name: key.name,
        value: key.shown(&config),
        default: key.default,
        live: key.is_live,
        meaning: key.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "),
    });
    Ok(Json(Effective { toml: effective_text(&config), settings: settings.collect() }))
}
