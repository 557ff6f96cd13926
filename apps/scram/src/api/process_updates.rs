//! `/process_updates/`: expiry and dispatch, now and not in a moment. Normal work does not need it.

use super::problems::Detail;
use super::surface::Neighbour;
use crate::app::{App, require_write};
use axum::Json;
use axum::extract::State;
use campanile_accounts::{Caller, Credential, Problem};
use chrono::Utc;
use http::StatusCode;
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;

/// What was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Updates {
    /// How many entries have expired.
    entries_deleted: usize,
    /// How many are active now.
    active_entries: i64,
    /// Of how many the translators were told.
    entries_reprocessed: usize,
    /// Of which.
    #[schema(example = json!(["192.0.2.1/32"]))]
    entries_reprocessed_list: Vec<String>,
}

/// How long the dispatcher may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends what has expired, and tells the translators of this instance what has changed, whoever
/// changed it. It needs a token of somebody who may write, or a caller on the same machine.
#[utoipa::path(
    post, path = "/process_updates/", tag = "server",
    responses(
        (status = 200, description = "It is done.", body = Updates),
        (status = 403, description = "The caller may not ask for it.", body = Detail),
        (status = 503, description = "The translators could not be told now.", body = Detail),
    )
)]
pub(super) async fn post(
    State(app): State<App>,
    caller: Caller,
    neighbour: Neighbour,
) -> Result<Json<Updates>, Problem> {
    update(&app, &caller, neighbour).await
}

/// Does the same as POST, for those who know the original.
#[utoipa::path(
    get, path = "/process_updates/", tag = "server",
    responses(
        (status = 200, description = "It is done.", body = Updates),
        (status = 403, description = "The caller may not ask for it.", body = Detail),
        (status = 503, description = "The translators could not be told now.", body = Detail),
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    caller: Caller,
    neighbour: Neighbour,
) -> Result<Json<Updates>, Problem> {
    update(&app, &caller, neighbour).await
}

async fn update(
    app: &App,
    caller: &Caller,
    Neighbour(is_neighbour): Neighbour,
) -> Result<Json<Updates>, Problem> {
    match caller {
        _ if is_neighbour => {}
        Caller::User(user, Credential::Token(_)) => require_write(user)?,
        // A browser follows links to here by itself, so its session says nothing.
        Caller::User(..) => return Err(Problem::forbidden()),
        Caller::Anonymous => return Err(Problem::NotLoggedIn),
    }
    let expired = app.store.expire(Utc::now()).await?;
    let told = timeout(PATIENCE, app.catch_up.now()).await.map_err(|_| Problem::Busy)?;
    let told =
        told.map_err(|error| Problem::Other(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let active = app.store.active_counts().await?;
    Ok(Json(Updates {
        entries_deleted: expired.ended.len(),
        active_entries: active.iter().map(|(_, count)| count).sum(),
        entries_reprocessed: told.len(),
        entries_reprocessed_list: told.iter().map(ToString::to_string).collect(),
    }))
}
