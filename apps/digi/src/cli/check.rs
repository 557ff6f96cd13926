//! `digi check`: what is set, and what the database holds.

use super::tools::{Tools, settings};
use super::warnings::warnings;
use crate::settings::{SECRETS, Settings, VARIABLES};
use campanile_application::{Failure, Told, logging, table};
use serde_json::{Map, Value, json};

pub(super) async fn run() -> Result<Told, Failure> {
    logging::start_quietly();
    let settings = settings()?;
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut shown = Map::new();
    for (name, default, meaning) in VARIABLES {
        let set = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let mark = if set.is_some() { "set" } else { "default" };
        let value = match &set {
            Some(_) if SECRETS.contains(name) => "(hidden)",
            Some(value) => value.trim(),
            None => default,
        };
        shown.insert((*name).to_owned(), json!({ "value": value, "is_set": set.is_some() }));
        lines.push([*name, value, mark, *meaning].map(str::to_owned).to_vec());
    }
    let (database, facts) = database(&settings).await?;
    let warnings = warnings(&settings);
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
    let tools = Tools::of(settings).await?;
    let backend = format!("{:?}", tools.store.database().backend());
    let users = tools.accounts.user_count().await?;
    let (conversations, messages) = tools.store.counts().await?;
    let unpublished = tools.store.waiting().await?;
    tools.close().await;
    let text = format!(
        "The database ({backend}) answers and is up to date: {users} users, {conversations} \
         conversations, {messages} messages, {unpublished} changes to publish."
    );
    let facts = json!({
        "backend": backend, "users": users, "conversations": conversations, "messages": messages,
        "unpublished": unpublished,
    });
    Ok((text, facts))
}
