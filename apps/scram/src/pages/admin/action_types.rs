//! What can be done about a network.

use super::{answer, faults_of, require_superuser, with_status};
use crate::app::App;
use crate::entities::{action_type, action_type_history};
use crate::pages::{Typed, View};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use campanile_accounts::{Fields, Problem, render};
use std::collections::HashMap;

const HERE: &str = "/admin/action-types/";

#[derive(Template)]
#[template(path = "scram/admin/action_types.html")]
struct ActionTypes {
    page: View,
    action_types: Vec<action_type::Model>,
    active: HashMap<String, i64>,
    typed: Typed,
    faults: Fields,
}

#[derive(Template)]
#[template(path = "scram/admin/action_type.html")]
struct OneActionType {
    page: View,
    action_type: action_type::Model,
    history: Vec<action_type_history::Model>,
}

pub(super) async fn show(State(app): State<App>, page: View) -> Result<Response, Problem> {
    require_superuser(&page)?;
    list(&app, page, Typed::default(), Fields::default()).await
}

async fn list(app: &App, page: View, typed: Typed, faults: Fields) -> Result<Response, Problem> {
    let action_types = app.store.action_types().await?;
    let active = app.store.active_counts().await?.into_iter().collect();
    let status = faults.clone();
    let shown = render(&ActionTypes { page, action_types, active, typed, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let name = typed.text("name");
    match app.store.add_action_type(name, &author).await {
        Ok(row) => {
            let told =
                format!("{} was added. Give it a template, or translators hear nothing.", row.name);
            answer(Ok(told), HERE)
        }
        Err(error) => list(&app, page, typed, faults_of(error, "name")?).await,
    }
}

pub(super) async fn show_one(
    State(app): State<App>,
    Path(name): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let action_type = app.store.action_type(&name).await?.ok_or(Problem::NotFound)?;
    let history = app.store.history_of_action_type(action_type.id).await?;
    render(&OneActionType { page, action_type, history })
}

/// Makes it available, or not.
pub(super) async fn set(
    State(app): State<App>,
    Path(name): Path<String>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let available = typed.has("available", "yes");
    let changed = app.store.set_available(&name, available, &author).await;
    let state = if available { "available" } else { "not available any more" };
    answer(changed.map(|row| format!("{} is {state}", row.name)), HERE)
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    let author = require_superuser(&page)?;
    let removed = app.store.remove_action_type(&name, &author).await;
    answer(removed.map(|()| format!("{name} was removed")), HERE)
}
