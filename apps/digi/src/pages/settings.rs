//! One's own account.

use crate::app::App;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{
    Client, Fields, FormOrJson, Message, Page, Password, Problem, User, found, render,
};
use http::StatusCode;
use serde::Deserialize;

/// The most characters in what somebody wants to be called.
const NAME_CHARS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "digi/settings.html")]
struct SettingsPage {
    page: Page,
    name: String,
    faults: Fields,
}

pub(super) async fn show(user: User, page: Page) -> Result<Response, Problem> {
    render(&SettingsPage { page, name: user.name, faults: Fields::default() })
}

fn again(page: Page, name: String, faults: Fields) -> Result<Response, Problem> {
    let shown = render(&SettingsPage { page, name, faults })?;
    Ok((StatusCode::BAD_REQUEST, shown).into_response())
}

#[derive(Deserialize)]
pub(super) struct Rename {
    #[serde(default)]
    name: String,
}

pub(super) async fn rename(
    State(app): State<App>,
    mut user: User,
    page: Page,
    FormOrJson(Rename { name }): FormOrJson<Rename>,
) -> Result<Response, Problem> {
    let name = name.trim().to_owned();
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let fault =
            format!("Ensure this field has no more than {NAME_CHARS_MAX} plain characters.");
        return again(page, name, Fields::of("name", fault));
    }
    user.name = name;
    app.accounts.change_user(&user).await?;
    Ok((Message::success("Others see this name from now on."), found("/settings/")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Delete {
    #[serde(default)]
    password: Password,
}

/// Ends the account, for whoever knows its password.
pub(super) async fn delete(
    State(app): State<App>,
    user: User,
    client: Client,
    page: Page,
    FormOrJson(Delete { password }): FormOrJson<Delete>,
) -> Result<Response, Problem> {
    if app.accounts.authenticate(&user.username, password, &client).await?.is_none() {
        let faults = Fields::of("password", "That is not your password.");
        return again(page, user.name, faults);
    }
    app.close_account(&user).await?;
    Ok((Message::success("Your account is deleted."), found("/auth/login/")).into_response())
}
