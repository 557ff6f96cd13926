//! Finding what was said.

use crate::app::App;
use crate::frames::ChatMessage;
use crate::store::QUERY_CHARS_MIN;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use campanile_accounts::{Page, Problem, User, render};
use serde::Deserialize;

/// How many messages are found at most.
const FOUND_MAX: u64 = 50;

#[derive(Template)]
#[template(path = "digi/search.html")]
struct SearchPage {
    page: Page,
    asked: Asked,
    /// With whom the one conversation is that is searched.
    within: Option<String>,
    is_too_short: bool,
    found: Vec<Found>,
}

/// A message, and the id of its conversation.
struct Found {
    conversation: String,
    with: String,
    is_own: bool,
    message: ChatMessage,
}

/// What is searched.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    /// The id of one conversation; none or empty: all.
    #[serde(default)]
    connection: String,
}

pub(super) async fn show(
    State(app): State<App>,
    user: User,
    page: Page,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let within = match asked.connection.as_str() {
        "" => None,
        id => Some(app.store.membership(user.id, app.frames.conversation_of(id)).await?),
    };
    let is_too_short = asked.q.chars().count() < QUERY_CHARS_MIN;
    let rows = app.search(user.id, &asked.q, within.as_ref(), FOUND_MAX).await?;
    let lines = app.store.conversations(rows.iter().map(|row| row.conversation_id)).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(line) = lines.iter().find(|line| line.id == row.conversation_id) else { continue };
        let peer = if line.user_a == user.id { line.user_b } else { line.user_a };
        let with = app.frames.names().name(peer).await?.as_ref().to_owned();
        let message = app.frames.message(row).await?;
        let (conversation, is_own) =
            (app.frames.conversation_id(line), message.user == user.username);
        found.push(Found { conversation, with, is_own, message });
    }
    let within = match &within {
        Some(within) => Some(app.frames.names().name(within.peer()).await?.as_ref().to_owned()),
        None => None,
    };
    render(&SearchPage { page, asked, within, is_too_short, found })
}
