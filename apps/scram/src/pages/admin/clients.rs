//! Programs that add entries.

use super::{answer, require_superuser, with_status};
use crate::app::App;
use crate::entities::{action_type, client};
use crate::pages::entry::number;
use crate::pages::{Typed, View};
use crate::store::clients::Registered;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use campanile_accounts::{Fields, Problem, render};
use uuid::Uuid;

const HERE: &str = "/admin/clients/";

#[derive(Template)]
#[template(path = "scram/admin/clients.html")]
struct Clients {
    page: View,
    clients: Vec<Row>,
    typed: Typed,
    faults: Fields,
}

struct Row {
    client: client::Model,
    /// The names of the action types that it may use.
    allowed: Vec<String>,
}

#[derive(Template)]
#[template(path = "scram/admin/client.html")]
struct OneClient {
    page: View,
    client: client::Model,
    action_types: Vec<action_type::Model>,
    allowed: Vec<i64>,
}

pub(super) async fn show(State(app): State<App>, page: View) -> Result<Response, Problem> {
    require_superuser(&page)?;
    list(&app, page, Typed::default(), Fields::default()).await
}

async fn list(app: &App, page: View, typed: Typed, faults: Fields) -> Result<Response, Problem> {
    let action_types = app.store.action_types().await?;
    let mut clients = Vec::new();
    for client in app.store.clients().await? {
        let allowed = app.store.client_action_types(client.id).await?;
        let allowed = action_types.iter().filter(|known| allowed.contains(&known.id));
        let allowed = allowed.map(|known| known.name.clone()).collect();
        clients.push(Row { client, allowed });
    }
    let status = faults.clone();
    let shown = render(&Clients { page, clients, typed, faults })?;
    Ok(with_status(&status, shown))
}

pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let mut faults = Fields::default();
    let name = typed.required("client_name", 50, &mut faults);
    let uuid = match typed.text("uuid") {
        "" => None,
        text => {
            let read = Uuid::parse_str(text).ok();
            if read.is_none() {
                faults.add("uuid", "Must be a valid UUID.");
            }
            read
        }
    };
    if faults.iter().next().is_some() {
        return list(&app, page, typed, faults).await;
    }
    match app.store.register(&name, uuid).await? {
        Registered::New(row) => {
            let told = format!("{} is known. Say what it may do.", row.client_name);
            answer(Ok(told), &format!("{HERE}{}/", row.id))
        }
        Registered::Known(_) | Registered::Refused => {
            faults.add("client_name", "This name or UUID is another client's.");
            list(&app, page, typed, faults).await
        }
    }
}

pub(super) async fn show_one(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let client = one(&app, &id).await?;
    let action_types = app.store.action_types().await?;
    let allowed = app.store.client_action_types(client.id).await?;
    render(&OneClient { page, client, action_types, allowed })
}

pub(super) async fn authorize(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let client = one(&app, &id).await?;
    let known = app.store.action_types().await?;
    let chosen = known.iter().filter(|known| typed.has("action_type", &known.id.to_string()));
    let chosen: Vec<i64> = chosen.map(|known| known.id).collect();
    let is_authorized = typed.is_ticked("is_authorized");
    let changed = app.store.authorize(&client.client_name, is_authorized, &chosen).await;
    answer(changed.map(|row| format!("{} was changed", row.client_name)), HERE)
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let client = one(&app, &id).await?;
    let removed = app.store.remove_client(&client.client_name).await;
    answer(removed.map(|()| format!("{} was removed", client.client_name)), HERE)
}

/// A name may hold whatever a stranger has registered: so paths have numbers.
async fn one(app: &App, id: &str) -> Result<client::Model, Problem> {
    let id = number(id)?;
    let clients = app.store.clients().await?;
    clients.into_iter().find(|client| client.id == id).ok_or(Problem::NotFound)
}
