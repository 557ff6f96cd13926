//! All active entries, by action type.

use super::{Typed, View};
use crate::app::App;
use crate::cidr::Network;
use crate::entities::action_type;
use crate::store::entries::Entry;
use crate::store::pages::{Page, PageNumber};
use crate::translators::{Connected, Ghost, HEARTBEAT_HOLDS};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{Message, Problem, found, render};
use chrono::Utc;
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "scram/entries.html")]
struct EntriesPage {
    page: View,
    sections: Vec<Section>,
    /// The number of the last change that the page may show.
    last_event: i64,
}

/// The active entries of one action type, or those of them that are on this page.
struct Section {
    name: String,
    is_available: bool,
    entries: Page<Entry>,
    number: u64,
    pages: u64,
    /// Where the page before is; none on the first.
    previous: Option<String>,
    /// Where the next page is; none on the last.
    next: Option<String>,
    translators: Vec<Connected>,
    ghosts: Vec<Ghost>,
}

/// What stands behind the `?`.
type Parameters = Vec<(String, String)>;

pub(super) async fn show(
    State(app): State<App>,
    Query(parameters): Query<Parameters>,
    page: View,
) -> Result<Response, Problem> {
    page.require_public()?;
    // Before the rest: what changes meanwhile is then told of once too often, rather than never.
    let last_event = app.store.last_event().await?;
    let mut sections = Vec::new();
    for action_type in app.store.action_types().await? {
        let section = section(&app, action_type, &parameters).await?;
        // What was added before the type was disabled is still announced.
        if section.is_available || section.entries.count > 0 || !section.ghosts.is_empty() {
            sections.push(section);
        }
    }
    render(&EntriesPage { page, sections, last_event })
}

async fn section(
    app: &App,
    action_type: action_type::Model,
    parameters: &Parameters,
) -> Result<Section, Problem> {
    let key = format!("page_{}", action_type.name.to_lowercase());
    let asked = parameters.iter().find(|(name, _)| *name == key);
    let asked = asked.and_then(|(_, number)| number.parse().ok()).unwrap_or(1);
    let size = app.settings.pagination_size;
    let page = |number| app.store.newest_entries(action_type.id, PageNumber { number, size });
    let (number, entries) = match page(asked).await? {
        Some(entries) => (asked, entries),
        None => (1, page(1).await?.ok_or(Problem::NotFound)?),
    };
    Ok(Section {
        previous: (number > 1).then(|| link(parameters, &key, number - 1)),
        next: entries.has_next.then(|| link(parameters, &key, number + 1)),
        pages: entries.count.div_ceil(size).max(1),
        translators: app.translators.of(&action_type.name),
        ghosts: app.translators.ghosts(&action_type.name),
        name: action_type.name,
        is_available: action_type.available,
        entries,
        number,
    })
}

/// Answers the number of the last change, by which a page knows that it is old.
pub(super) async fn last_event(State(app): State<App>, page: View) -> Result<Response, Problem> {
    page.require_public()?;
    Ok(app.store.last_event().await?.to_string().into_response())
}

/// Has a ghost withdrawn, by all translators of its action type.
pub(super) async fn withdraw(
    State(app): State<App>,
    page: View,
    typed: Typed,
) -> Result<Response, Problem> {
    page.require_write()?;
    let action_type = app.store.action_type(typed.text("action_type")).await?;
    let action_type = action_type.ok_or(Problem::NotFound)?;
    let network = Network::parse_strict(typed.text("route")).map_err(|_| Problem::NotFound)?;
    let told = match app.translators.withdraw(&action_type.name, &network).await {
        Ok(()) => Message::success(format!("Translators are told to withdraw {network}")),
        Err(error) => Message::error(format!("{network} could not be withdrawn: {error}")),
    };
    Ok((told, found("/entries/")).into_response())
}

/// Returns how a translator is, in a class of the style sheet and in words.
fn health(translator: &Connected) -> (&'static str, &'static str) {
    match (translator.last_heartbeat, translator.in_sync) {
        (Some(last), _) if Utc::now() - last > HEARTBEAT_HOLDS => ("bad", "silent"),
        (Some(_), Some(false)) => ("bad", "not in sync"),
        (Some(_), Some(true)) => ("good", "in sync"),
        (Some(_), None) => ("good", "alive"),
        (None, _) => ("unknown", "no heartbeat yet"),
    }
}

/// Returns the address of another page of one section; the others stay where they are.
fn link(parameters: &Parameters, key: &str, number: u64) -> String {
    let others = parameters.iter().filter(|(name, _)| name != key && name.starts_with("page_"));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair(key, &number.to_string())
        .finish();
    format!("/entries/?{query}")
}
