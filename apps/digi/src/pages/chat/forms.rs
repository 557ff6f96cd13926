//! What the forms of a conversation's page do.

use super::{Chat, Place, shown};
use crate::api::asked::Asked;
use crate::app::{App, ChangeError};
use crate::store::{Answer, Membership, NewMessage};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{FormOrJson, Message, Page, Problem, User, found};
use http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize)]
pub(in crate::pages) struct Typed {
    #[serde(default)]
    message: String,
    client_id: Option<String>,
    #[serde(default)]
    message_id: String,
}

impl Typed {
    /// Returns the text. A browser sends each line break of a form as two characters.
    fn text(&self) -> String {
        self.message.replace("\r\n", "\n")
    }
}

pub(in crate::pages) async fn say(
    State(app): State<App>,
    user: User,
    asked: Asked,
    page: Page,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    let body = typed.text();
    let said = add(&app, &asked.membership, &body, typed.client_id).await;
    answered(&app, (&user, page), &asked.membership, (said, body, Place::default())).await
}

/// Adds a message, once however often its form comes.
async fn add(
    app: &App,
    by: &Membership,
    body: &str,
    client_id: Option<String>,
) -> Result<(), ChangeError> {
    let mut new = NewMessage { body: body.to_owned(), client_id };
    let added = app.add(by, &new).await?;
    if !added.is_new && added.message.body != body {
        // Somebody has gone back to the form, and written something else into it.
        new.client_id = None;
        app.add(by, &new).await?;
    }
    Ok(())
}

pub(in crate::pages) async fn edit(
    State(app): State<App>,
    user: User,
    asked: Asked,
    page: Page,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    let (message, body) = (app.frames.message_of(&typed.message_id), typed.text());
    let edited = app.edit(&asked.membership, message, &body).await.map(drop);
    let place = Place { edit: Some(typed.message_id), ..Place::default() };
    answered(&app, (&user, page), &asked.membership, (edited, body, place)).await
}

/// Leads back to the page; or shows it again with what was typed, and with what is wrong with that.
async fn answered(
    app: &App,
    (user, page): (&User, Page),
    of: &Membership,
    (done, typed, place): (Result<(), ChangeError>, String, Place),
) -> Result<Response, Problem> {
    match done.map_err(Problem::from) {
        Ok(()) => Ok(back(app, of)),
        Err(Problem::Invalid(faults)) => {
            let chat = Chat::of(app, user, of, &place).await?;
            let fault = Some(faults.get("message").join(" "));
            let shown = shown(app, (user, page), chat, typed, fault).await?;
            Ok((StatusCode::BAD_REQUEST, shown).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(in crate::pages) async fn delete(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    app.delete(&asked.membership, app.frames.message_of(&typed.message_id)).await?;
    Ok((Message::success("Deleted for both."), back(&app, &asked.membership)).into_response())
}

pub(in crate::pages) async fn mark_read(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    app.mark_read(&asked.membership, app.frames.message_of(&typed.message_id)).await?;
    Ok(back(&app, &asked.membership))
}

#[derive(Deserialize)]
pub(in crate::pages) struct Answered {
    answer: String,
}

pub(in crate::pages) async fn answer(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(Answered { answer }): FormOrJson<Answered>,
) -> Result<Response, Problem> {
    let (answer, said) = match &*answer {
        "accept" => (Answer::Accept, "Now you can talk."),
        "decline" => (Answer::Decline, "Declined."),
        "block" => (Answer::Block, "Blocked: you will hear nothing more of each other here."),
        "unblock" => (Answer::Unblock, "Not blocked any more."),
        "leave" => (Answer::Leave, "You have left the conversation."),
        _ => return Err(Problem::malformed("There is no such answer.")),
    };
    app.answer(&asked.membership, answer).await?;
    let leads = match answer {
        Answer::Leave | Answer::Decline => found("/"),
        _ => back(&app, &asked.membership),
    };
    Ok((Message::success(said), leads).into_response())
}

fn back(app: &App, to: &Membership) -> Response {
    found(&format!("/chat/{}/", app.frames.conversation_id(to.conversation())))
}
