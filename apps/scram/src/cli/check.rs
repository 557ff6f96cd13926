//! `scram check`: what is set, and what the database holds.

use super::logging;
use super::told::{Failure, Told, table};
use super::tools::settings;
use super::warnings::warnings;
use crate::app::App;
use crate::database;
use crate::settings::{self, Settings, VARIABLES, unknown_variables};
use crate::store::Store;
use serde_json::{Map, Value, json};

pub(super) async fn run() -> Result<Told, Failure> {
    logging::start_quietly();
    let settings = settings()?;
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut shown = Map::new();
    for (name, default, meaning) in VARIABLES {
        let set = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let mark = if set.is_some() { "set" } else { "default" };
        let value = settings::shown(name, set.as_deref().unwrap_or(default).trim());
        shown.insert((*name).to_owned(), json!({ "value": value, "is_set": set.is_some() }));
        lines.push(vec![(*name).to_owned(), value, mark.to_owned(), (*meaning).to_owned()]);
    }
    let (database, facts) = database(&settings).await?;
    let warnings = [unknown_variables(), warnings(&settings)].concat();
    let mut text = table(&["variable", "value", "", "meaning"], &lines, "");
    text.push_str(&format!("\n\n{database}\n"));
    for warning in &warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    let object = json!({ "settings": shown, "database": facts, "warnings": warnings });
    Ok(Told::new(text, object))
}

/// Opens the database, as the server does, and counts what it holds.
async fn database(settings: &Settings) -> Result<(String, Value), Failure> {
    let opened = database::open(settings.database_url.reveal(), 2).await;
    let opened = opened.map_err(|error| Failure::of(error.to_string()))?;
    let store = Store::new(opened, &settings.hostname, settings.limits);
    let accounts = App::accounts(&store, settings)?;
    let backend = format!("{:?}", store.database().backend());
    let users = accounts.user_count().await?;
    let active: i64 = store.active_counts().await?.iter().map(|(_, count)| count).sum();
    let action_types = store.action_types().await?.len();
    let (tokens, clients) = (store.translator_tokens().await?.len(), store.clients().await?.len());
    let text = format!(
        "The database ({backend}) answers and is up to date: {active} active entries, \
         {action_types} action types, {users} users, {clients} clients, {tokens} translators' tokens."
    );
    let facts = json!({
        "backend": backend, "active_entries": active, "action_types": action_types,
        "users": users, "clients": clients, "translator_tokens": tokens,
    });
    let _ = store.database().clone().close().await;
    Ok((text, facts))
}
