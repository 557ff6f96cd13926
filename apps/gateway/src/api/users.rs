//! Those whom the backend names. Wishes for them reach all nodes.

use super::State;
use super::connections::for_one;
use super::error::{Error, Failure};
use super::parameters::{Answered, Json, Parameters, limit};
use crate::control::{Order, Others};
use crate::serve::Shared;
use axum::extract::Path;
use campanile_wire::CloseCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longest reason that a close frame holds, in bytes (RFC 6455 §5.5).
const REASON_BYTES_MAX: usize = 123;

/// Which users.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichUsers {
    /// Those behind this one: the `next` of the page before.
    #[param(example = "aaron")]
    after: Option<String>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
}

/// Users, in the order of their names.
#[derive(Serialize, ToSchema)]
pub(super) struct UsersPage {
    /// The users.
    users: Vec<UserView>,
    /// The `after` of the next page; none: this is the last.
    next: Option<String>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView {
    /// Its name.
    #[schema(example = "ada")]
    user: String,
    /// How many connections it has on this node.
    connections: usize,
}

/// How to close.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToClose {
    /// The close code, 1000 by default; 3000 to 4999 are for applications.
    #[param(example = 4001)]
    code: Option<u16>,
    /// What the client is told, at most 123 bytes.
    #[param(example = "logged out")]
    reason: Option<String>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// For how many connections of this node.
    pub(super) connections: usize,
    /// What became of telling the other nodes.
    pub(super) others: Others,
}

impl HowToClose {
    pub(super) fn read(self) -> Result<(u16, Box<str>), Error> {
        let code = self.code.unwrap_or(CloseCode::NORMAL.number());
        if CloseCode::from_wire(code).is_none() {
            return Err(Error::bad(format!("code: {code} may not be sent in a close frame")));
        }
        let reason = self.reason.unwrap_or_default();
        if reason.len() > REASON_BYTES_MAX {
            return Err(Error::bad(format!("reason is longer than {REASON_BYTES_MAX} bytes")));
        }
        Ok((code, reason.into()))
    }
}

/// Lists the users that have a connection on this node.
#[utoipa::path(
    get, path = "/users", tag = "users", params(WhichUsers),
    responses(
        (status = 200, description = "A page of the users.", body = UsersPage),
        (status = 400, description = "A parameter means nothing.", body = Failure),
    )
)]
pub(super) async fn list(
    axum::extract::State(shared): State,
    Parameters(which): Parameters<WhichUsers>,
) -> Answered<UsersPage> {
    let limit = limit(which.limit)?;
    // One more tells whether there is a next page.
    let found = shared.settings.users.list(which.after.as_deref().unwrap_or(""), limit + 1);
    let is_last = found.len() <= limit;
    let view = |(user, connections): &(crate::backend::User, usize)| UserView {
        user: user.to_string(),
        connections: *connections,
    };
    let users: Vec<_> = found.iter().take(limit).map(view).collect();
    let next = users.last().filter(|_| !is_last).map(|last| last.user.clone());
    Ok(Json(UsersPage { users, next }))
}

/// Closes the connections of a user, on all nodes.
#[utoipa::path(
    delete, path = "/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Its name.", example = "ada"), HowToClose),
    responses(
        (status = 200, description = "Those of this node are closed; the other nodes were told.", body = Done),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 503, description = "A loop is behind: wish again.", body = Failure),
    )
)]
pub(super) async fn disconnect(
    axum::extract::State(shared): State,
    Path(user): Path<String>,
    Parameters(how): Parameters<HowToClose>,
) -> Answered<Done> {
    let (code, reason) = how.read()?;
    everywhere(&shared, &Order::DisconnectUser { user: user.into(), code, reason }).await
}

/// Has the backend asked again what the connections of a user may hear, on all nodes.
#[utoipa::path(
    post, path = "/users/{user}/revalidate", tag = "users",
    params(("user" = String, Path, description = "Its name.", example = "ada")),
    responses(
        (status = 200, description = "It will be asked; the other nodes were told.", body = Done),
        (status = 503, description = "A loop is behind: wish again.", body = Failure),
    )
)]
pub(super) async fn revalidate(
    axum::extract::State(shared): State,
    Path(user): Path<String>,
) -> Answered<Done> {
    everywhere(&shared, &Order::RevalidateUser { user: user.into() }).await
}

/// Whom a wish is for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// A user, on all nodes.
    #[param(example = "ada")]
    user: Option<String>,
    /// A connection, by its name, on whichever node it is.
    connection: Option<String>,
}

/// Whom to disconnect, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhomToClose {
    /// A user, on all nodes.
    #[param(example = "ada")]
    user: Option<String>,
    /// A connection, by its name, on whichever node it is.
    connection: Option<String>,
    /// The close code, 1000 by default; 3000 to 4999 are for applications.
    #[param(example = 4001)]
    code: Option<u16>,
    /// What the clients are told, at most 123 bytes.
    #[param(example = "logged out")]
    reason: Option<String>,
}

/// Has the backend asked again for a user, for a connection, or for everybody if neither is named.
#[utoipa::path(
    post, path = "/revalidate", tag = "users", params(Whom),
    responses(
        (status = 200, description = "It will be asked; the other nodes were told.", body = Done),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 404, description = "The connection is not open on this node, and there is no other.", body = Failure),
        (status = 503, description = "A loop is behind: wish again.", body = Failure),
    )
)]
pub(super) async fn revalidate_some(
    axum::extract::State(shared): State,
    Parameters(whom): Parameters<Whom>,
) -> Answered<Done> {
    match (whom.user, whom.connection) {
        (None, None) => everywhere(&shared, &Order::RevalidateAll).await,
        (Some(user), None) => {
            everywhere(&shared, &Order::RevalidateUser { user: user.into() }).await
        }
        (None, Some(name)) => {
            for_one(&shared, &name, |connection| Order::RevalidateConnection { connection }).await
        }
        (Some(_), Some(_)) => Err(Error::bad("name a user or a connection, not both")),
    }
}

/// Closes the connections of a user, or one connection.
#[utoipa::path(
    post, path = "/disconnect", tag = "users", params(WhomToClose),
    responses(
        (status = 200, description = "Those of this node are closed; the other nodes were told.", body = Done),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 404, description = "The connection is not open on this node, and there is no other.", body = Failure),
        (status = 503, description = "A loop is behind: wish again.", body = Failure),
    )
)]
pub(super) async fn disconnect_some(
    axum::extract::State(shared): State,
    Parameters(whom): Parameters<WhomToClose>,
) -> Answered<Done> {
    let WhomToClose { user, connection, code, reason } = whom;
    let (code, reason) = HowToClose { code, reason }.read()?;
    match (user, connection) {
        (Some(user), None) => {
            everywhere(&shared, &Order::DisconnectUser { user: user.into(), code, reason }).await
        }
        (None, Some(name)) => {
            let order = |connection| Order::DisconnectConnection { connection, code, reason };
            for_one(&shared, &name, order).await
        }
        _ => Err(Error::bad("say whom: user=NAME or connection=UUID")),
    }
}

/// Does something here, and has it done on the other nodes; they are told even if a loop here is
/// behind.
async fn everywhere(shared: &Shared, order: &Order) -> Answered<Done> {
    let here = shared.obey(order);
    let others = shared.tell_others(order).await;
    Ok(Json(Done { connections: here?, others }))
}
