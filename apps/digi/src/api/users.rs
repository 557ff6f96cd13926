//! `users/`: who asks, and whom to talk to.

use super::problems::Detail;
use crate::app::App;
use crate::frames::Person;
use axum::Json;
use axum::extract::State;
use campanile_accounts::{Problem, User};
use campanile_application::parameter;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// How many others are shown at most.
const OTHERS_MAX: u64 = 20;

/// Some users.
#[derive(Serialize, ToSchema)]
pub(super) struct People {
    /// Each of them, by name.
    results: Vec<Person>,
}

/// Shows the caller.
#[utoipa::path(
    get, path = "/users/me/", tag = "users",
    responses(
        (status = 200, description = "The caller.", body = Person),
        (status = 403, description = "Nobody is logged in.", body = Detail),
    )
)]
pub(super) async fn me(user: User) -> Json<Person> {
    Json(Person { username: user.username, name: user.name })
}

/// Lists up to 20 others whose names begin so; without those who have blocked the caller.
#[utoipa::path(
    get, path = "/users/", tag = "users",
    params(("search" = Option<String>, Query, description = "How the name begins.")),
    responses(
        (status = 200, description = "Some users; none if nothing was asked for.", body = People),
        (status = 403, description = "Nobody is logged in.", body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    user: User,
    uri: Uri,
) -> Result<Json<People>, Problem> {
    let prefix = parameter(&uri, "search").unwrap_or_default();
    let others = app.store.others(user.id, prefix.trim(), OTHERS_MAX).await?;
    let person = |row: campanile_accounts::entity::user::Model| Person {
        username: row.username,
        name: row.name,
    };
    Ok(Json(People { results: others.into_iter().map(person).collect() }))
}
