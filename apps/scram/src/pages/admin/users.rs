//! Who has an account, and what each may do.

use super::{done, require_superuser, with_status};
use crate::app::App;
use crate::pages::entry::number;
use crate::pages::people::NAME_CHARACTERS_MAX;
use crate::pages::{Typed, View};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use campanile_accounts::{Credential, Fields, NewUser, Problem, User, render};
use serde::Deserialize;

const HERE: &str = "/admin/users/";

#[derive(Template)]
#[template(path = "scram/admin/users.html")]
struct Users {
    page: View,
    users: Vec<User>,
    number: u64,
    has_next: bool,
    groups: Vec<String>,
    typed: Typed,
    faults: Fields,
}

#[derive(Template)]
#[template(path = "scram/admin/user.html")]
struct OneUser {
    page: View,
    user: User,
    is_oneself: bool,
    groups: Vec<String>,
    faults: Fields,
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    page: String,
}

pub(super) async fn show(
    State(app): State<App>,
    Query(which): Query<Which>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let number = which.page.parse().unwrap_or(1).max(1);
    list(&app, page, number, Typed::default(), Fields::default()).await
}

async fn list(
    app: &App,
    page: View,
    number: u64,
    typed: Typed,
    faults: Fields,
) -> Result<Response, Problem> {
    let size = app.settings.pagination_size;
    let offset = (number - 1).saturating_mul(size).min(i64::MAX.unsigned_abs());
    let users = app.accounts.users(offset, size).await?;
    let has_next = offset.saturating_add(size) < app.accounts.user_count().await?;
    let (groups, status) = (app.accounts.settings().groups.clone(), faults.clone());
    let shown = render(&Users { page, users, number, has_next, groups, typed, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let mut new = NewUser::new(typed.text("username"), typed.verbatim("password"));
    new.groups = typed.all("group").map(str::to_owned).collect();
    new.is_superuser = typed.is_ticked("is_superuser");
    match app.accounts.create_user(new).await {
        Ok(user) => Ok(done(format!("{} has an account", user.username), HERE)),
        Err(Problem::Invalid(faults)) => list(&app, page, 1, typed, faults).await,
        Err(problem) => Err(problem),
    }
}

pub(super) async fn show_one(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let user = one(&app, &id).await?;
    shown(&app, page, user, Fields::default())
}

fn shown(app: &App, page: View, user: User, faults: Fields) -> Result<Response, Problem> {
    let is_oneself = page.user().is_some_and(|oneself| oneself.id == user.id);
    let (groups, status) = (app.accounts.settings().groups.clone(), faults.clone());
    let shown = render(&OneUser { page, user, is_oneself, groups, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let oneself = require_superuser(&page)?;
    let mut user = one(&app, &id).await?;
    let mut faults = Fields::default();
    for field in ["name", "email"] {
        if typed.text(field).chars().count() > NAME_CHARACTERS_MAX {
            let most = NAME_CHARACTERS_MAX;
            faults.add(field, format!("Ensure this field has no more than {most} characters."));
        }
    }
    typed.text("name").clone_into(&mut user.name);
    typed.text("email").clone_into(&mut user.email);
    user.groups = typed.all("group").map(str::to_owned).collect();
    user.is_superuser = typed.is_ticked("is_superuser");
    user.is_active = typed.is_ticked("is_active");
    if user.username == oneself && !(user.is_superuser && user.is_active) {
        let fault = "You cannot take this from yourself: another superuser can.";
        faults.add("is_superuser", fault);
    }
    let changed = match faults.check() {
        Ok(()) => app.accounts.change_user(&user).await,
        Err(invalid) => Err(invalid),
    };
    match changed {
        Ok(()) => Ok(done(format!("{} was changed", user.username), HERE)),
        Err(Problem::Invalid(faults)) => shown(&app, page, user, faults),
        Err(problem) => Err(problem),
    }
}

pub(super) async fn set_password(
    State(app): State<App>,
    Path(id): Path<String>,
    credential: Credential,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let oneself = require_superuser(&page)?;
    let user = one(&app, &id).await?;
    let kept = match credential {
        Credential::Session(session) if user.username == oneself => Some(session),
        _ => None,
    };
    match app.accounts.set_password(&user, typed.verbatim("password").into(), kept).await {
        Ok(()) => {
            let told = format!("{} has another password; its sessions were ended", user.username);
            Ok(done(told, HERE))
        }
        Err(Problem::Invalid(faults)) => shown(&app, page, user, faults),
        Err(problem) => Err(problem),
    }
}

async fn one(app: &App, id: &str) -> Result<User, Problem> {
    app.accounts.user_by_id(number(id)?).await?.ok_or(Problem::NotFound)
}
