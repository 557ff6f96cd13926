//! The pages of login, logout and registration, and those of one's own account.

mod account;
mod login;
mod oidc;
mod register;

use axum::Router;
use axum::routing::{get, post};

use crate::Accounts;

/// Returns the routes, to be put within [`Accounts::pages`].
pub(crate) fn routes(accounts: &Accounts) -> Router<Accounts> {
    let routes = Router::new()
        .route("/auth/logout/", post(login::log_out))
        .route("/auth/sessions/", get(account::show_sessions).post(account::end_sessions));
    let routes = match accounts.has_passwords() {
        true => routes.merge(with_passwords()),
        false => routes.merge(with_provider()),
    };
    match accounts.has_registration() {
        true => routes.route("/auth/register/", get(register::show).post(register::register)),
        false => routes,
    }
}

fn with_passwords() -> Router<Accounts> {
    Router::new()
        .route("/auth/login/", get(login::show).post(login::log_in))
        .route("/auth/first/{token}/", get(register::show_first).post(register::make_first))
        .route("/auth/password/", get(account::show_password).post(account::change_password))
}

fn with_provider() -> Router<Accounts> {
    Router::new()
        .route("/auth/login/", get(oidc::show))
        .route("/oidc/authenticate/", get(oidc::begin))
        .route("/oidc/callback/", get(oidc::end))
}
