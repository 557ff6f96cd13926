//! `/health/`: whether this server can do its work.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use campanile_consumer::Server as Sockets;
use http::StatusCode;
use sea_orm::ConnectionTrait as _;
use serde::Serialize;
use serde_json::json;
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
    /// What was checked: `ok`, or what is wrong.
    checks: Checks,
    /// How many WebSockets are open at this server.
    sockets: u64,
    /// How many conversations have one open at this server.
    rooms: usize,
}

/// What was checked.
#[derive(Serialize, ToSchema)]
pub(super) struct Checks {
    /// The database.
    #[schema(example = "ok")]
    database: &'static str,
    /// The channel layer, by which processes talk to each other.
    #[schema(example = "ok")]
    layer: &'static str,
}

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells how this server is. Anybody may ask.
#[utoipa::path(
    get, path = "/health/", tag = "server",
    responses(
        (status = 200, description = "All checks are well.", body = Health),
        (status = 503, description = "A check fails.", body = Health),
    )
)]
pub(super) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (database, layer) = tokio::join!(answering(&app), reachable(&app.sockets));
    let is_healthy = database == "ok" && layer == "ok";
    let health = Health {
        status: if is_healthy { "healthy" } else { "unhealthy" },
        version: env!("CARGO_PKG_VERSION"),
        checks: Checks { database, layer },
        sockets: app.sockets.statistics().consumers,
        rooms: app.presence.rooms(),
    };
    let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

async fn answering(app: &App) -> &'static str {
    let asked = app.store.database().read().execute_unprepared("SELECT 1");
    match timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(%error, "the health check cannot ask the database");
            "failed"
        }
        Err(_) => "does not answer",
    }
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
