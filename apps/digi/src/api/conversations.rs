//! `connections/`: the conversations of the caller.

use super::asked::Asked;
use super::problems::{Detail, Faults};
use crate::app::App;
use crate::frames::Conversation;
use crate::store::Answer;
use axum::Json;
use axum::extract::State;
use campanile_accounts::{FormOrJson, Problem, User};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many conversations are listed at most.
const LISTED_MAX: u32 = 1000;

/// Some conversations.
#[derive(Serialize, ToSchema)]
pub(super) struct Conversations {
    /// Each of them, the last active first.
    results: Vec<Conversation>,
}

/// With whom.
#[derive(Deserialize, ToSchema)]
pub(super) struct With {
    /// The other's name.
    #[schema(example = "bob")]
    username: Option<String>,
}

/// Lists the caller's conversations.
#[utoipa::path(
    get, path = "/connections/", tag = "connections",
    responses(
        (status = 200, description = "The last active first.", body = Conversations),
        (status = 403, description = "Nobody is logged in.", body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    user: User,
) -> Result<Json<Conversations>, Problem> {
    let lines = app.store.lines(user.id, LISTED_MAX).await?;
    Ok(Json(Conversations { results: app.frames.conversations(lines).await? }))
}

/// Asks somebody for a conversation, or takes up the one there is.
#[utoipa::path(
    post, path = "/connections/", tag = "connections", request_body = With,
    responses(
        (status = 201, description = "It is asked for.", body = Conversation),
        (status = 200, description = "There is one; or the other had asked, and now it is accepted.",
            body = Conversation),
        (status = 400, description = "Nobody talks to oneself.", body = Faults),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "There is no such user for the caller.", body = Detail),
        (status = 429, description = "Too many were asked for in a day.", body = Detail),
    )
)]
pub(super) async fn ask(
    State(app): State<App>,
    user: User,
    FormOrJson(With { username }): FormOrJson<With>,
) -> Result<(StatusCode, Json<Conversation>), Problem> {
    let username = username.as_deref().map(str::trim).unwrap_or_default();
    if username.is_empty() {
        return Err(Problem::field("username", "This field is required."));
    }
    // PostgreSQL could not even compare the other.
    let found = match username.contains('\0') {
        true => None,
        false => app.accounts.user(username).await?,
    };
    let other = found.ok_or(Problem::NotFound)?;
    let (conversation, is_new) = app.request(user.id, other.id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, shown(&app, user.id, conversation).await?))
}

/// Shows a conversation.
#[utoipa::path(
    get, path = "/connections/{id}/", tag = "connections",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It.", body = Conversation),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation.", body = Detail),
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    asked: Asked,
) -> Result<Json<Conversation>, Problem> {
    shown(&app, asked.membership.user(), asked.membership.conversation().id).await
}

/// Leaves a conversation. The history stays for the other.
#[utoipa::path(
    delete, path = "/connections/{id}/", tag = "connections",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "The caller has left."),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation.", body = Detail),
    )
)]
pub(super) async fn leave(State(app): State<App>, asked: Asked) -> Result<StatusCode, Problem> {
    app.answer(&asked.membership, Answer::Leave).await?;
    Ok(StatusCode::NO_CONTENT)
}

macro_rules! answers {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal $answer:ident,)+) => {
        $($(#[doc = $doc])+
        #[utoipa::path(
            post, path = $path, tag = "connections",
            params(("id" = String, Path, description = "Its id.")),
            responses(
                (status = 200, description = "How it is now.", body = Conversation),
                (status = 403, description = "It is not the caller's to do.", body = Detail),
                (status = 404, description = "The caller has no such conversation.", body = Detail),
            )
        )]
        pub(super) async fn $name(
            State(app): State<App>,
            asked: Asked,
        ) -> Result<Json<Conversation>, Problem> {
            app.answer(&asked.membership, Answer::$answer).await?;
            shown(&app, asked.membership.user(), asked.membership.conversation().id).await
        })+
    };
}

answers! {
    /// Accepts the other's request.
    accept "/connections/{id}/accept/" Accept,
    /// Declines the other's request.
    decline "/connections/{id}/decline/" Decline,
    /// Blocks the other.
    block "/connections/{id}/block/" Block,
    /// Takes that back.
    unblock "/connections/{id}/unblock/" Unblock,
}

async fn shown(app: &App, user: i64, conversation: i64) -> Result<Json<Conversation>, Problem> {
    let line = app.store.line(user, conversation).await?;
    let shown = app.frames.conversations(line.into_iter().collect()).await?.pop();
    shown.map(Json).ok_or(Problem::NotFound)
}
