//! Logging in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Deserialize;

use crate::cookies::SessionChange;
use crate::{
    Accounts, Caller, Client, Credential, FormOrJson, Page, Password, Problem, found, local_path,
    render,
};

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    pub(super) next: String,
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Password,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "accounts/login.html")]
struct LoginPage<'a> {
    page: Page,
    username: &'a str,
    next: &'a str,
    fault: Option<String>,
}

pub(super) async fn show(
    page: Page,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    let next = local_path(&next).unwrap_or_default();
    render(&LoginPage { page, username: "", next, fault: None })
}

pub(super) async fn log_in(
    State(accounts): State<Accounts>,
    caller: Caller,
    client: Client,
    page: Page,
    FormOrJson(form): FormOrJson<LoginForm>,
) -> Result<Response, Problem> {
    let LoginForm { username, password, next } = form;
    let username = username.trim();
    let next = local_path(&next).unwrap_or_default();
    let again = |fault| render(&LoginPage { page, username, next, fault: Some(fault) });
    match accounts.authenticate(username, password, &client).await {
        Ok(Some(user)) => {
            let next = if next.is_empty() { "/" } else { next };
            accounts.log_in(&caller, &user, &client, next).await
        }
        Ok(None) => again("The name or the password is wrong.".to_owned()),
        Err(Problem::Throttled(wait)) => {
            let seconds = wait.as_secs().max(1);
            let fault = format!("Too many logins have failed. Try again in {seconds} seconds.");
            let wait = [(RETRY_AFTER, seconds.to_string())];
            Ok((StatusCode::TOO_MANY_REQUESTS, wait, again(fault)?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn log_out(
    State(accounts): State<Accounts>,
    caller: Caller,
) -> Result<Response, Problem> {
    if let Caller::User(user, Credential::Session(session)) = &caller {
        accounts.end_session(user.id, *session).await?;
    }
    let mut response = found("/");
    response.extensions_mut().insert(SessionChange::Ended);
    Ok(response)
}
