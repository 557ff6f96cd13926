//! `/health/`: whether this server can do its work, and with how many translators.

use crate::app::App;
use crate::translators::Connected;
use axum::Json;
use axum::extract::State;
use campanile_consumer::Server as Sockets;
use chrono::{DateTime, SecondsFormat, Utc};
use http::StatusCode;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;

/// How a server is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `healthy`, or `unhealthy` when a check fails.
    #[schema(example = "healthy")]
    status: &'static str,
    /// The version of this program.
    version: &'static str,
    /// How many entries are active of each action type that has any.
    active_entries: BTreeMap<String, i64>,
    /// Who is connected, for each action type that is available.
    connected_translators: BTreeMap<String, OfActionType>,
    /// What was checked: `ok`, or what is wrong.
    checks: Checks,
    /// Seconds since 1970.
    timestamp: f64,
    /// The same for people, in UTC.
    #[schema(example = "2026-11-21 01:45 UTC")]
    datetime: String,
}

/// The translators of an action type.
#[derive(Serialize, ToSchema)]
pub(super) struct OfActionType {
    /// How many are connected to this server.
    count: usize,
    /// What the one told that was heard last.
    gobgp_routes: Routes,
    /// Each of them.
    translators: Vec<TranslatorView>,
}

/// How many routes there are.
#[derive(Serialize, ToSchema)]
pub(super) struct Routes {
    /// Of IPv4; 0 if that was told too long ago.
    v4: u64,
    /// Of IPv6; 0 if that was told too long ago.
    v6: u64,
}

/// A translator.
#[derive(Serialize, ToSchema)]
pub(super) struct TranslatorView {
    /// What it calls itself.
    name: String,
    /// Where it comes from.
    address: String,
    /// Since when it is connected.
    since: String,
    /// When it was heard last; null if never.
    last_heartbeat: Option<String>,
    /// Routes of IPv4.
    v4: u64,
    /// Routes of IPv6.
    v6: u64,
    /// Whether it announces what is active and nothing else; null if it was not compared yet.
    in_sync: Option<bool>,
}

/// What was checked.
#[derive(Serialize, ToSchema)]
pub(super) struct Checks {
    /// The database.
    #[schema(example = "ok")]
    database: &'static str,
    /// The channel layer, by which instances talk to each other.
    #[schema(example = "ok")]
    cache: &'static str,
}

/// How long a check may take: whoever asks may do so every few seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells how this server is. Anybody may ask.
#[utoipa::path(
    get, path = "/health/", tag = "server",
    responses(
        (status = 200, description = "All checks are well.", body = Health),
        (status = 503, description = "A check fails.", body = Health),
    )
)]
pub(super) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (known, cache) = tokio::join!(timeout(PATIENCE, known(&app)), reachable(&app.sockets));
    let (database, Known { active_entries, action_types }) = match known {
        Ok(Ok(known)) => ("ok", known),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the health check cannot ask the database");
            ("failed", Known::without_database(&app))
        }
        Err(_) => ("does not answer", Known::without_database(&app)),
    };
    let connected_translators = action_types.into_iter().map(|name| {
        let connected = app.translators.of(&name);
        (name, OfActionType::of(&connected))
    });
    let is_healthy = database == "ok" && cache == "ok";
    let now = Utc::now();
    let health = Health {
        status: if is_healthy { "healthy" } else { "unhealthy" },
        version: env!("CARGO_PKG_VERSION"),
        active_entries,
        connected_translators: connected_translators.collect(),
        checks: Checks { database, cache },
        timestamp: seconds(now),
        datetime: now.format("%Y-%m-%d %H:%M UTC").to_string(),
    };
    let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

/// What the database tells.
struct Known {
    active_entries: BTreeMap<String, i64>,
    /// Those that are available.
    action_types: Vec<String>,
}

impl Known {
    /// Knows at least those action types that somebody is connected for.
    fn without_database(app: &App) -> Known {
        Known { active_entries: BTreeMap::new(), action_types: app.translators.action_types() }
    }
}

async fn known(app: &App) -> Result<Known, DbErr> {
    let active_entries = app.store.active_counts().await?.into_iter().collect();
    let available = app.store.action_types().await?.into_iter().filter(|row| row.available);
    Ok(Known { active_entries, action_types: available.map(|row| row.name).collect() })
}

/// A message to a group that nobody is in goes all the way there.
async fn reachable(sockets: &Sockets) -> &'static str {
    match timeout(PATIENCE, sockets.group_send("health", &json!({ "type": "health.check" }))).await
    {
        Ok(Ok(_)) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(%error, "the health check cannot reach the channel layer");
            "failed"
        }
        Err(_) => "does not answer",
    }
}

impl OfActionType {
    fn of(connected: &[Connected]) -> OfActionType {
        let last = connected.iter().max_by_key(|translator| translator.last_heartbeat);
        OfActionType {
            count: connected.len(),
            gobgp_routes: Routes {
                v4: last.map_or(0, |translator| translator.v4),
                v6: last.map_or(0, |translator| translator.v6),
            },
            translators: connected.iter().map(TranslatorView::of).collect(),
        }
    }
}

impl TranslatorView {
    fn of(translator: &Connected) -> TranslatorView {
        let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        TranslatorView {
            name: translator.name.clone(),
            address: translator.address.clone(),
            since: written(translator.since),
            last_heartbeat: translator.last_heartbeat.map(written),
            v4: translator.v4,
            v6: translator.v6,
            in_sync: translator.in_sync,
        }
    }
}

fn seconds(time: DateTime<Utc>) -> f64 {
    let since = std::time::Duration::from_millis(time.timestamp_millis().unsigned_abs());
    since.as_secs_f64()
}
