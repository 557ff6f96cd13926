//! The start page: one's conversations, who asks for one, and people to ask.

use super::inbox::Inbox;
use crate::app::App;
use crate::frames::Person;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{FormOrJson, Message, Page, Problem, User, found, render};
use serde::Deserialize;

/// How many others are shown at most.
const OTHERS_MAX: u64 = 20;

#[derive(Template)]
#[template(path = "digi/home.html")]
struct Home {
    page: Page,
    inbox: Inbox,
    /// How the names begin that were looked for.
    asked: String,
    others: Vec<Person>,
}

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    people: String,
}

pub(super) async fn show(
    State(app): State<App>,
    user: User,
    page: Page,
    Query(Search { people }): Query<Search>,
) -> Result<Response, Problem> {
    let inbox = Inbox::of(&app, &user, None).await?;
    let asked = people.trim().to_owned();
    let others = app.store.others(user.id, &asked, OTHERS_MAX).await?;
    let person = |row: campanile_accounts::entity::user::Model| Person {
        username: row.username,
        name: row.name,
    };
    render(&Home { page, inbox, asked, others: others.into_iter().map(person).collect() })
}

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    username: String,
}

/// Asks somebody for a conversation, and leads to it.
pub(super) async fn ask(
    State(app): State<App>,
    user: User,
    FormOrJson(Ask { username }): FormOrJson<Ask>,
) -> Result<Response, Problem> {
    let username = username.trim();
    // PostgreSQL could not even compare the other.
    let other = match username.contains('\0') {
        true => None,
        false => app.accounts.user(username).await?,
    };
    let Some(other) = other else { return Ok(back("There is nobody of that name.")) };
    match app.request(user.id, other.id).await.map_err(Problem::from) {
        Ok((conversation, _)) => {
            let line = app.store.line(user.id, conversation).await?.ok_or(Problem::NotFound)?;
            Ok(found(&format!("/chat/{}/", app.frames.conversation_id(&line.conversation))))
        }
        Err(Problem::NotFound) => Ok(back("There is nobody of that name.")),
        Err(Problem::Unavailable) => Err(Problem::Unavailable),
        Err(Problem::Invalid(fields)) => Ok(back(&fields.get("username").join(" "))),
        Err(problem) => Ok(back(&problem.to_string())),
    }
}

fn back(why: &str) -> Response {
    (Message::error(why), found("/")).into_response()
}
