//! Logging in by a provider: the way there, and back.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use serde::Deserialize;

use super::login::Next;
use crate::oidc::{Attempt, AttemptChange, Provider};
use crate::{Accounts, Caller, Client, Page, Problem, found, local_path, render};

/// A page rather than the way itself: a browser follows no form to another site, and who has logged out
/// wants to be so until it says otherwise.
#[derive(Template)]
#[template(path = "accounts/login_by_provider.html")]
struct LoginPage<'a> {
    page: Page,
    next: &'a str,
    issuer: &'a str,
}

/// What the provider adds to the URL on the way back.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
    iss: Option<String>,
}

/// More of the provider's word for an error is not shown.
const ERROR_CHARACTERS_MAX: usize = 60;

pub(super) async fn show(
    State(accounts): State<Accounts>,
    page: Page,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    let next = local_path(&next).unwrap_or_default();
    render(&LoginPage { page, next, issuer: provider(&accounts)?.issuer() })
}

pub(super) async fn begin(
    State(accounts): State<Accounts>,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    let attempt = Attempt::new(&next);
    let url = provider(&accounts)?.login_url(&attempt).await;
    let url = url.inspect_err(|_| accounts.0.counters.provider_logins_refused.one_more())?;
    let mut response = found(&url);
    response.extensions_mut().insert(AttemptChange::Begun(attempt));
    Ok(response)
}

/// However it ends, it is not begun any more: the same way back leads nowhere a second time.
pub(super) async fn end(
    State(accounts): State<Accounts>,
    caller: Caller,
    client: Client,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Response {
    let ended = log_in(&accounts, &caller, &client, &headers, back).await;
    let counters = &accounts.0.counters;
    match &ended {
        Ok(_) => counters.provider_logins.one_more(),
        Err(_) => counters.provider_logins_refused.one_more(),
    }
    let mut response = ended.unwrap_or_else(Problem::into_response);
    response.extensions_mut().insert(AttemptChange::Ended);
    response
}

async fn log_in(
    accounts: &Accounts,
    caller: &Caller,
    client: &Client,
    headers: &HeaderMap,
    back: Back,
) -> Result<Response, Problem> {
    let provider = provider(accounts)?;
    let attempt = Attempt::of(accounts.settings(), headers);
    let attempt = attempt.filter(|attempt| attempt.state().is(&back.state));
    let attempt = attempt.ok_or_else(|| {
        Problem::Forbidden(
            "This login was not begun in this browser, or too long ago, or it is used already. Log \
             in again."
                .to_owned(),
        )
    })?;
    if back.iss.is_some_and(|issuer| issuer != provider.issuer()) {
        return Err(Problem::Forbidden("This login comes from another provider.".to_owned()));
    }
    if let Some(error) = back.error {
        let shown: String = error.chars().take(ERROR_CHARACTERS_MAX).collect();
        return Err(Problem::Forbidden(format!("The login provider refused: {shown}.")));
    }
    let user = accounts.user_of_provider(provider, &attempt, back.code).await?;
    tracing::info!(username = user.username, "logged in by the provider");
    accounts.log_in(caller, &user, client, attempt.next()).await
}

fn provider(accounts: &Accounts) -> Result<&Provider, Problem> {
    accounts.0.provider.as_ref().ok_or(Problem::NotFound)
}
