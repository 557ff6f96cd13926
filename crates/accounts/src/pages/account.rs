//! One's own account: its password and its sessions.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::{
    Accounts, Client, Credential, Fields, FormOrJson, Message, Page, Password, Problem, Session,
    User, found, render,
};

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    old_password: Password,
    #[serde(default)]
    password1: Password,
    #[serde(default)]
    password2: Password,
}

#[derive(Template)]
#[template(path = "accounts/password.html")]
struct PasswordPage {
    page: Page,
    faults: Fields,
}

pub(super) async fn show_password(_: User, page: Page) -> Result<Response, Problem> {
    render(&PasswordPage { page, faults: Fields::default() })
}

pub(super) async fn change_password(
    State(accounts): State<Accounts>,
    user: User,
    credential: Credential,
    client: Client,
    page: Page,
    FormOrJson(form): FormOrJson<PasswordForm>,
) -> Result<Response, Problem> {
    let this = session_of(credential);
    let changed = if !form.password1.is_same(&form.password2) {
        Err(Problem::field("password2", "The two passwords are not the same."))
    } else if accounts.authenticate(&user.username, form.old_password, &client).await?.is_none() {
        Err(Problem::field("old_password", "That is not your password."))
    } else {
        accounts.set_password(&user, form.password1, this).await
    };
    match changed {
        Ok(()) => {
            let told = Message::success("The password was changed, and other sessions were ended.");
            Ok((told, found("/auth/sessions/")).into_response())
        }
        Err(Problem::Invalid(faults)) => render(&PasswordPage { page, faults }),
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "accounts/sessions.html")]
struct SessionsPage {
    page: Page,
    sessions: Vec<Session>,
    this: Option<i64>,
}

impl SessionsPage {
    fn is_this(&self, session: &Session) -> bool {
        self.this == Some(session.id)
    }
}

pub(super) async fn show_sessions(
    State(accounts): State<Accounts>,
    user: User,
    credential: Credential,
    page: Page,
) -> Result<Response, Problem> {
    let sessions = accounts.sessions(user.id).await?;
    render(&SessionsPage { page, sessions, this: session_of(credential) })
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    /// Which one is to end; without a number, all others than this.
    session: Option<i64>,
}

pub(super) async fn end_sessions(
    State(accounts): State<Accounts>,
    user: User,
    credential: Credential,
    FormOrJson(EndForm { session }): FormOrJson<EndForm>,
) -> Result<Response, Problem> {
    match session {
        Some(session) => accounts.end_session(user.id, session).await?,
        None => accounts.end_sessions(user.id, session_of(credential)).await?,
    }
    Ok((Message::success("Ended."), found("/auth/sessions/")).into_response())
}

fn session_of(credential: Credential) -> Option<i64> {
    match credential {
        Credential::Session(session) => Some(session),
        Credential::Token(_) => None,
    }
}

/// Returns a time as pages show it.
fn when(seconds: &i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let time = OffsetDateTime::from_unix_timestamp(*seconds).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}
