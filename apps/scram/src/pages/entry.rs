//! One entry: all that is known of it.

use super::View;
use crate::app::{App, author};
use crate::entities::entry_history;
use crate::store::RemoveError;
use crate::store::entries::{Entry, Find};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Caller, Message, Problem, found, render};

#[derive(Template)]
#[template(path = "scram/entry.html")]
struct EntryPage {
    page: View,
    entry: Entry,
    history: Vec<entry_history::Model>,
}

pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    page.require_view()?;
    let entry = app.store.entry(id).await?.ok_or(Problem::NotFound)?;
    let history = app.store.history_of_entry(id).await?;
    render(&EntryPage { page, entry, history })
}

pub(super) async fn deactivate(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    page: View,
) -> Result<Response, Problem> {
    page.require_write()?;
    let id = number(&id)?;
    let entry = app.store.entry(id).await?.ok_or(Problem::NotFound)?;
    let network = entry.network;
    match app.store.remove(Find::Id(id), &author(&caller)).await {
        Ok(removed) if removed.is_empty() => {
            let message = Message::warning(format!("{network} was not active"));
            Ok((message, found("/")).into_response())
        }
        Ok(_) => {
            let message = Message::success(format!("{network} is no longer active"));
            Ok((message, found("/")).into_response())
        }
        Err(RemoveError::NotPermitted) => Err(Problem::forbidden()),
        Err(RemoveError::TooLarge(limits)) => Err(Problem::malformed(limits.to_string())),
        Err(RemoveError::Database(error)) => Err(Problem::from(error)),
    }
}

/// Reads the number in a path; what is none names no page.
pub(super) fn number(text: &str) -> Result<i64, Problem> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().ok_or(Problem::NotFound)
}
