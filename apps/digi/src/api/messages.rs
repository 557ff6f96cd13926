//! `connections/<id>/messages/`: what is said.

use super::asked::Asked;
use super::problems::{Detail, Faults};
use crate::app::App;
use crate::frames::ChatMessage;
use crate::store::{NewMessage, Page};
use axum::Json;
use axum::extract::State;
use campanile_accounts::{FormOrJson, Problem};
use campanile_application::parameter;
use http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of a history.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// The messages, the oldest first.
    results: Vec<ChatMessage>,
    /// Whether there are more: older ones, or for `after` newer ones.
    has_more: bool,
}

/// Which messages.
#[derive(IntoParams)]
#[expect(dead_code, reason = "it is only described here")]
pub(super) struct Which {
    /// How many at most; 50 if nothing is said.
    limit: Option<u64>,
    /// Those before this message.
    before: Option<String>,
    /// Those after this message.
    after: Option<String>,
    /// Those on both sides of this message, and it.
    around: Option<String>,
}

/// A message to send.
#[derive(Deserialize, ToSchema)]
pub(super) struct Said {
    /// The text.
    #[schema(example = "hi")]
    message: Option<String>,
    /// How the caller calls it: what is sent twice by one name is one message.
    #[serde(default)]
    client_id: Option<String>,
}

/// Up to where was read.
#[derive(Deserialize, ToSchema)]
pub(super) struct UpTo {
    /// The message.
    message_id: Option<String>,
}

/// How many messages are on a page when nothing is said.
const LIMIT: u64 = 50;

/// Lists messages: the newest, or those around one.
#[utoipa::path(
    get, path = "/connections/{id}/messages/", tag = "messages",
    params(("id" = String, Path, description = "The conversation's id."), Which),
    responses(
        (status = 200, description = "A page.", body = History),
        (status = 400, description = "The limit is no number.", body = Faults),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation, or it no such message.",
            body = Detail),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    asked: Asked,
    uri: Uri,
) -> Result<Json<History>, Problem> {
    let message = |name| parameter(&uri, name).map(|id| app.frames.message_of(&id));
    let page = match (message("before"), message("after"), message("around")) {
        (Some(before), _, _) => Page::Before(before),
        (_, Some(after), _) => Page::After(after),
        (_, _, Some(around)) => Page::Around(around),
        _ => Page::Newest,
    };
    let limit = match parameter(&uri, "limit") {
        None => LIMIT,
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| Problem::field("limit", "A valid integer from 1 on is required."))?,
    };
    let history = app.store.history(&asked.membership, page, limit).await?;
    let results = app.frames.messages(history.messages).await?;
    Ok(Json(History { results, has_more: history.has_more }))
}

/// Says something. It reaches the sockets of both.
#[utoipa::path(
    post, path = "/connections/{id}/messages/", tag = "messages", request_body = Said,
    params(("id" = String, Path, description = "The conversation's id.")),
    responses(
        (status = 201, description = "It is stored.", body = ChatMessage),
        (status = 200, description = "It was stored before, by the same client_id.",
            body = ChatMessage),
        (status = 400, description = "The text is blank or too long.", body = Faults),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation, or the two do not talk.",
            body = Detail),
        (status = 429, description = "Too many messages: later.", body = Detail),
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(said): FormOrJson<Said>,
) -> Result<(StatusCode, Json<ChatMessage>), Problem> {
    let new = NewMessage { body: text(said.message)?, client_id: said.client_id };
    let added = app.add(&asked.membership, &new).await?;
    let status = if added.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(app.frames.message(added.message).await?)))
}

/// Gives a message of the caller's another text.
#[utoipa::path(
    patch, path = "/connections/{id}/messages/{message_id}/", tag = "messages", request_body = Said,
    params(
        ("id" = String, Path, description = "The conversation's id."),
        ("message_id" = String, Path, description = "The message's id."),
    ),
    responses(
        (status = 200, description = "How it is now.", body = ChatMessage),
        (status = 400, description = "The text is blank or too long.", body = Faults),
        (status = 403, description = "It is the other's.", body = Detail),
        (status = 404, description = "There is no such message, or it was deleted, or the two do \
            not talk any more.", body = Detail),
        (status = 429, description = "Too many changes: later.", body = Detail),
    )
)]
pub(super) async fn edit(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(said): FormOrJson<Said>,
) -> Result<Json<ChatMessage>, Problem> {
    let body = text(said.message)?;
    let edited = app.edit(&asked.membership, asked.message(), &body).await?;
    Ok(Json(app.frames.message(edited).await?))
}

/// Deletes a message of the caller's.
#[utoipa::path(
    delete, path = "/connections/{id}/messages/{message_id}/", tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation's id."),
        ("message_id" = String, Path, description = "The message's id."),
    ),
    responses(
        (status = 204, description = "Its text is nowhere any more."),
        (status = 403, description = "It is the other's.", body = Detail),
        (status = 404, description = "There is no such message, or it was deleted.", body = Detail),
        (status = 429, description = "Too many changes: later.", body = Detail),
    )
)]
pub(super) async fn delete(State(app): State<App>, asked: Asked) -> Result<StatusCode, Problem> {
    app.delete(&asked.membership, asked.message()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells up to where the caller has read. The mark only moves forward.
#[utoipa::path(
    post, path = "/connections/{id}/read/", tag = "messages", request_body = UpTo,
    params(("id" = String, Path, description = "The conversation's id.")),
    responses(
        (status = 204, description = "It is known."),
        (status = 400, description = "No message was named.", body = Faults),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation, or it no such message, or \
            the two do not talk any more.", body = Detail),
    )
)]
pub(super) async fn read(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(UpTo { message_id }): FormOrJson<UpTo>,
) -> Result<StatusCode, Problem> {
    let id = message_id.ok_or_else(|| Problem::field("message_id", "This field is required."))?;
    app.mark_read(&asked.membership, app.frames.message_of(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn text(sent: Option<String>) -> Result<String, Problem> {
    sent.ok_or_else(|| Problem::field("message", "This field is required."))
}
