//! What superusers manage: everything but the entries' own pages.

mod action_types;
mod clients;
mod entries;
mod ignore;
mod templates;
mod tokens;
mod users;

use super::View;
use crate::app::App;
use askama::Template;
use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use campanile_accounts::{Fields, Message, Problem, User, found, render};
use http::StatusCode;

use crate::store::ChangeError;

/// Returns the routes below `/admin/`.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin/", get(show))
        .route("/admin/action-types/", get(action_types::show).post(action_types::add))
        .route("/admin/action-types/{name}/", get(action_types::show_one).post(action_types::set))
        .route("/admin/action-types/{name}/remove/", post(action_types::remove))
        .route("/admin/ignore/", get(ignore::show).post(ignore::add))
        .route("/admin/ignore/one/", get(ignore::show_one).post(ignore::comment))
        .route("/admin/ignore/one/remove/", post(ignore::remove))
        .route("/admin/ignore/one/end-entries/", post(ignore::end_entries))
        .route("/admin/clients/", get(clients::show).post(clients::add))
        .route("/admin/clients/{id}/", get(clients::show_one).post(clients::authorize))
        .route("/admin/clients/{id}/remove/", post(clients::remove))
        .route("/admin/templates/", get(templates::show).post(templates::add))
        .route("/admin/templates/{id}/", get(templates::show_one).post(templates::change))
        .route("/admin/templates/{id}/remove/", post(templates::remove))
        .route("/admin/templates/places/", post(templates::place))
        .route("/admin/templates/places/{id}/remove/", post(templates::unplace))
        .route("/admin/entries/", get(entries::show))
        .route("/admin/users/", get(users::show).post(users::add))
        .route("/admin/users/{id}/", get(users::show_one).post(users::change))
        .route("/admin/users/{id}/password/", post(users::set_password))
        .route("/admin/tokens/", get(tokens::show).post(tokens::add))
        .route("/admin/tokens/remove/", post(tokens::remove))
}

#[derive(Template)]
#[template(path = "scram/admin/index.html")]
struct Index {
    page: View,
}

async fn show(page: View) -> Result<Response, Problem> {
    require_superuser(&page)?;
    render(&Index { page })
}

/// Goes on only with a superuser, and returns under which name changes are written.
fn require_superuser(page: &View) -> Result<String, Problem> {
    let user: &User = page.require_user()?;
    user.require(user.is_superuser)?;
    Ok(user.username.clone())
}

/// Says what was done, and leads to where that is seen.
fn done(text: impl Into<String>, path: &str) -> Response {
    (Message::success(text), found(path)).into_response()
}

/// Says why something was not done, and leads back.
fn not_done(text: impl Into<String>, path: &str) -> Response {
    (Message::error(text), found(path)).into_response()
}

/// Makes the answer to a form without a field of its own that could show what is wrong.
fn answer(result: Result<String, ChangeError>, path: &str) -> Result<Response, Problem> {
    match result {
        Ok(text) => Ok(done(text, path)),
        Err(ChangeError::Database(error)) => Err(Problem::from(error)),
        Err(ChangeError::NotFound) => Err(Problem::NotFound),
        Err(error) => Ok(not_done(error.to_string(), path)),
    }
}

/// Makes the faults of a form: `field` is what a duplicate is the fault of.
fn faults_of(error: ChangeError, field: &str) -> Result<Fields, Problem> {
    match error {
        ChangeError::Database(error) => Err(Problem::from(error)),
        ChangeError::NotFound => Err(Problem::NotFound),
        ChangeError::Invalid(field, why) => Ok(Fields::of(field, why)),
        error => Ok(Fields::of(field, error.to_string())),
    }
}

/// A page whose form shows faults is an answer to what could not be done.
fn with_status(faults: &Fields, shown: Response) -> Response {
    let status =
        if faults.iter().next().is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, shown).into_response()
}

/// Returns what a kind of change is called.
fn kind(kind: &str) -> &'static str {
    match kind {
        "+" => "added",
        "-" => "removed",
        _ => "changed",
    }
}

/// Returns what the letter of a verb stands for.
fn verb(letter: &str) -> &'static str {
    match letter {
        "A" => "add",
        "C" => "check",
        _ => "remove",
    }
}
