//! What translators are told: templates, their places, and what comes of both.

use super::{answer, done, faults_of, require_superuser, with_status};
use crate::app::App;
use crate::cidr::Network;
use crate::entities::{action_type, message, sequence_element};
use crate::pages::entry::number;
use crate::pages::{Typed, View};
use crate::store::templates::{NewMessage, Templates, Verb};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use campanile_accounts::{Fields, Problem, render};
use serde_json::{Map, Value};

const HERE: &str = "/admin/templates/";

/// The network of the previews; it is for documents.
const EXAMPLE: &str = "192.0.2.4/32";

#[derive(Template)]
#[template(path = "scram/admin/templates.html")]
struct TemplatesPage {
    page: View,
    messages: Vec<message::Model>,
    action_types: Vec<OfActionType>,
    typed: Typed,
    faults: Fields,
}

/// What the translators of an action type are told.
struct OfActionType {
    action_type: action_type::Model,
    places: Vec<(sequence_element::Model, Option<message::Model>)>,
    /// The frames of each verb, as JSON.
    previews: Vec<(&'static str, Vec<String>)>,
}

#[derive(Template)]
#[template(path = "scram/admin/template.html")]
struct OneTemplate {
    page: View,
    id: i64,
    typed: Typed,
    faults: Fields,
}

pub(super) async fn show(State(app): State<App>, page: View) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let typed = Typed::of([("msg_data", "{}"), ("msg_data_route_field", "route")]);
    list(&app, page, typed, Fields::default()).await
}

async fn list(app: &App, page: View, typed: Typed, faults: Fields) -> Result<Response, Problem> {
    let messages = app.store.messages().await?;
    let places = app.store.sequence_elements().await?;
    let message = |id| messages.iter().find(|message: &&message::Model| message.id == id).cloned();
    let mut action_types = Vec::new();
    for action_type in app.store.action_types().await? {
        let of_it = places.iter().filter(|place| place.action_type_id == action_type.id);
        let places = of_it.map(|place| (place.clone(), message(place.message_id))).collect();
        let previews = previews(&app.store.templates(action_type.id).await?);
        action_types.push(OfActionType { action_type, places, previews });
    }
    let status = faults.clone();
    let shown = render(&TemplatesPage { page, messages, action_types, typed, faults })?;
    Ok(with_status(&status, shown))
}

/// Returns what is sent for each verb, as JSON.
fn previews(templates: &Templates) -> Vec<(&'static str, Vec<String>)> {
    let network = Network::parse_strict(EXAMPLE).expect("it is a network");
    let text = |frames: Vec<_>| frames.into_iter().filter_map(|it| serde_json::to_string(&it).ok());
    let asked = Map::from_iter([("route".to_owned(), Value::from(EXAMPLE))]);
    let checks = templates.check_messages(&network, &asked).into_iter();
    let checks = checks.map(|message| {
        let message = Value::Object(message);
        format!(r#"{{"type":"translator_check","channel":"…","message":{message}}}"#)
    });
    vec![
        ("When an entry is added", text(templates.add_frames(&network)).collect()),
        ("When it ends", text(templates.remove_frames(&network)).collect()),
        ("When a page asks for its status", checks.collect()),
    ]
}

pub(super) async fn add(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let new = match new_message(&typed) {
        Ok(new) => new,
        Err(faults) => return list(&app, page, typed, faults).await,
    };
    let added = app.store.write_message(None, new).await;
    answer(added.map(|row| format!("Template {} was added. Give it a place.", row.id)), HERE)
}

pub(super) async fn show_one(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let id = number(&id)?;
    let found = app.store.messages().await?.into_iter().find(|message| message.id == id);
    let found = found.ok_or(Problem::NotFound)?;
    let typed = Typed::of([
        ("msg_type", &found.msg_type),
        ("msg_data", &found.msg_data.to_string()),
        ("msg_data_route_field", &found.msg_data_route_field),
    ]);
    render(&OneTemplate { page, id, typed, faults: Fields::default() })
}

pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let id = number(&id)?;
    match new_message(&typed) {
        Ok(new) => {
            let changed = app.store.write_message(Some(id), new).await;
            answer(changed.map(|_| format!("Template {id} was changed")), HERE)
        }
        Err(faults) => {
            let status = faults.clone();
            let shown = render(&OneTemplate { page, id, typed, faults })?;
            Ok(with_status(&status, shown))
        }
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let id = number(&id)?;
    let removed = app.store.remove_message(id).await;
    answer(removed.map(|()| format!("Template {id} was removed")), HERE)
}

pub(super) async fn place(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let mut faults = Fields::default();
    let message = number(typed.text("message"));
    let action_type = number(typed.text("action_type"));
    let verb = Verb::from_letter(typed.text("verb"));
    let order = typed.text("order_num").parse::<i16>();
    if order.is_err() {
        faults.add("order_num", "A whole number from -32768 to 32767.");
    }
    let (Ok(message), Ok(action_type), Some(verb), Ok(order)) = (message, action_type, verb, order)
    else {
        if faults.iter().next().is_none() {
            faults.add("message", "Choose a template, an action type and a verb.");
        }
        return list(&app, page, typed, faults).await;
    };
    match app.store.place_message(message, action_type, verb, order).await {
        Ok(_) => Ok(done("The template has a place", HERE)),
        Err(error) => list(&app, page, typed, faults_of(error, "message")?).await,
    }
}

pub(super) async fn unplace(
    State(app): State<App>,
    Path(id): Path<String>,
    page: View,
) -> Result<Response, Problem> {
    require_superuser(&page)?;
    let removed = app.store.remove_sequence_element(number(&id)?).await;
    answer(removed.map(|()| "The place was taken away".to_owned()), HERE)
}

fn new_message(typed: &Typed) -> Result<NewMessage, Fields> {
    let mut faults = Fields::default();
    let msg_type = typed.required("msg_type", 50, &mut faults);
    let msg_data_route_field = typed.required("msg_data_route_field", 25, &mut faults);
    let msg_data = match serde_json::from_str(typed.text("msg_data")) {
        Ok(Value::Object(data)) => data,
        Ok(_) => {
            faults.add("msg_data", "It must be a JSON object, such as {\"asn\": 64500}.");
            Map::new()
        }
        Err(error) => {
            faults.add("msg_data", format!("It is not JSON: {error}."));
            Map::new()
        }
    };
    if faults.iter().next().is_some() {
        return Err(faults);
    }
    Ok(NewMessage { msg_type, msg_data, msg_data_route_field })
}
