//! `search/`: messages by a part of their text.

use super::problems::{Detail, Faults};
use crate::app::App;
use crate::frames::ChatMessage;
use crate::store::QUERY_CHARS_MIN;
use axum::Json;
use axum::extract::State;
use campanile_accounts::{Problem, User};
use campanile_application::parameter;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// How many messages are found at most.
const FOUND_MAX: u64 = 50;

/// What was found.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// The messages, the newest first.
    results: Vec<FoundMessage>,
}

/// A message, and where it is.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundMessage {
    /// The message.
    #[serde(flatten)]
    message: ChatMessage,
    /// The id of its conversation.
    connection: String,
}

/// Finds messages in the caller's conversations, or in one of them.
#[utoipa::path(
    get, path = "/search/", tag = "messages",
    params(
        ("q" = String, Query, description = "A part of the text, in upper or lower case."),
        ("connection" = Option<String>, Query, description = "The id of one conversation."),
    ),
    responses(
        (status = 200, description = "The newest that have it.", body = Found),
        (status = 400, description = "It is shorter than two characters.", body = Faults),
        (status = 403, description = "Nobody is logged in.", body = Detail),
        (status = 404, description = "The caller has no such conversation.", body = Detail),
        (status = 429, description = "Too much at once: later.", body = Detail),
    )
)]
pub(super) async fn search(
    State(app): State<App>,
    user: User,
    uri: Uri,
) -> Result<Json<Found>, Problem> {
    let text = parameter(&uri, "q").unwrap_or_default();
    if text.chars().count() < QUERY_CHARS_MIN {
        let why = format!("Ensure this field has at least {QUERY_CHARS_MIN} characters.");
        return Err(Problem::field("q", why));
    }
    let within = match parameter(&uri, "connection") {
        Some(id) => Some(app.store.membership(user.id, app.frames.conversation_of(&id)).await?),
        None => None,
    };
    let rows = app.search(user.id, &text, within.as_ref(), FOUND_MAX).await?;
    let numbers = rows.iter().map(|row| row.conversation_id);
    let conversations = app.store.conversations(numbers).await?;
    let ids: Vec<String> = rows
        .iter()
        .map(|row| {
            let found = conversations.iter().find(|it| it.id == row.conversation_id);
            found.map(|it| app.frames.conversation_id(it)).unwrap_or_default()
        })
        .collect();
    let messages = app.frames.messages(rows).await?;
    let found = messages.into_iter().zip(ids);
    let results = found.map(|(message, connection)| FoundMessage { message, connection });
    Ok(Json(Found { results: results.collect() }))
}
