//! The pages of login, logout and registration, and those of one's own account.

mod account;
mod login;
mod register;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use crate::cookies::SessionChange;
use crate::{Accounts, Caller, Client, Credential, Problem, User, found};

/// Returns the routes, to be put within [`Accounts::pages`].
pub(crate) fn routes(accounts: &Accounts) -> Router<Accounts> {
    let routes = Router::new()
        .route("/auth/login/", get(login::show).post(login::log_in))
        .route("/auth/logout/", post(login::log_out))
        .route("/auth/first/{token}/", get(register::show_first).post(register::make_first))
        .route("/auth/password/", get(account::show_password).post(account::change_password))
        .route("/auth/sessions/", get(account::show_sessions).post(account::end_sessions));
    match accounts.settings().registration {
        true => routes.route("/auth/register/", get(register::show).post(register::register)),
        false => routes,
    }
}

/// Begins a session for somebody who has proved who it is, in the place of the one before: what was
/// set in this browser by somebody else is worth nothing afterwards.
async fn begin(
    accounts: &Accounts,
    before: &Caller,
    user: &User,
    client: &Client,
    next: &str,
) -> Result<Response, Problem> {
    if let Caller::User(before, Credential::Session(session)) = before {
        accounts.end_session(before.id, *session).await?;
    }
    let session = accounts.begin_session(user.id, client).await?;
    let mut response = found(next);
    response.extensions_mut().insert(SessionChange::Begun(session));
    Ok(response)
}
