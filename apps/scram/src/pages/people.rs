//! One's own page. Superusers see everybody's.

use super::{Typed, View};
use crate::app::App;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Fields, Message, Problem, User, found, render};
use http::StatusCode;
use url::form_urlencoded;

/// The most characters in what somebody wants to be called.
pub(super) const NAME_CHARACTERS_MAX: usize = 255;

#[derive(Template)]
#[template(path = "scram/person.html")]
struct PersonPage {
    page: View,
    user: User,
    is_oneself: bool,
}

#[derive(Template)]
#[template(path = "scram/person_update.html")]
struct UpdatePage {
    page: View,
    typed: Typed,
    faults: Fields,
}

pub(super) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    let oneself = page.require_user()?;
    let is_oneself = oneself.username.eq_ignore_ascii_case(&name);
    let user = match (is_oneself, oneself.is_superuser) {
        (true, _) => oneself.clone(),
        (false, true) => app.accounts.user(&name).await?.ok_or(Problem::NotFound)?,
        (false, false) => return Err(Problem::NotFound),
    };
    render(&PersonPage { page, user, is_oneself })
}

pub(super) async fn lead_to_oneself(page: View) -> Result<Response, Problem> {
    Ok(found(&path_of(page.require_user()?)))
}

pub(super) async fn show_update(page: View) -> Result<Response, Problem> {
    let typed = Typed::of([("name", &page.require_user()?.name)]);
    render(&UpdatePage { page, typed, faults: Fields::default() })
}

pub(super) async fn update(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let mut user = page.require_user()?.clone();
    if typed.text("name").chars().count() > NAME_CHARACTERS_MAX {
        let fault = format!("Ensure this field has no more than {NAME_CHARACTERS_MAX} characters.");
        let faults = Fields::of("name", fault);
        let shown = render(&UpdatePage { page, typed, faults })?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    }
    typed.text("name").clone_into(&mut user.name);
    app.accounts.change_user(&user).await?;
    let told = Message::success("Information successfully updated");
    Ok((told, found(&path_of(&user))).into_response())
}

/// A name may hold letters of any script.
fn path_of(user: &User) -> String {
    let name: String = form_urlencoded::byte_serialize(user.username.as_bytes()).collect();
    format!("/users/{name}/")
}
