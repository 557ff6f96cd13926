//! `scram action-type`: what can be done about a network.

use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::store::ChangeError;
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an action type; its translators hear nothing until a template has a place in it
    Add {
        /// 1 to 30 letters, digits and _ of ASCII
        name: String,
    },
    /// Show all action types
    List,
    /// Let entries be added to it
    Enable {
        /// Its name
        name: String,
    },
    /// Let no entries be added to it; those that it has live on, can be removed, and expire
    Disable {
        /// Its name
        name: String,
    },
    /// Remove an action type that never had an entry
    Remove {
        /// Its name
        name: String,
    },
}

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add { name } => add(tools, &name).await,
        Command::List => list(tools).await,
        Command::Enable { name } => set_available(tools, &name, true).await,
        Command::Disable { name } => set_available(tools, &name, false).await,
        Command::Remove { name } => remove(tools, &name).await,
    }
}

async fn add(tools: &Tools, name: &str) -> Result<Told, Failure> {
    let added = tools.store.add_action_type(name, &tools.author).await;
    let row = added.map_err(|error| match error {
        ChangeError::Duplicate(_) => Failure::of(format!(
            "There is an action type {name:?} already. `scram action-type list` shows all."
        )),
        ChangeError::Invalid(..) => Failure::usage(format!(
            "{name:?} cannot be an action type's name, which is a part of paths: \
             1 to 30 letters, digits and _ of ASCII."
        )),
        other => other.into(),
    })?;
    let text = format!(
        "action type {name} is added. Its translators hear nothing until a template has a place in \
         it: `scram template list` shows them, `scram template place NUMBER {name}` gives one."
    );
    Ok(Told::new(text, json!({ "id": row.id, "name": row.name, "available": row.available })))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let counts = tools.store.active_counts().await?;
    let places = tools.store.sequence_elements().await?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for row in tools.store.action_types().await? {
        let active =
            counts.iter().find(|(name, _)| *name == row.name).map_or(0, |(_, count)| *count);
        let templates = places.iter().filter(|place| place.action_type_id == row.id).count();
        let state = if row.available { "enabled" } else { "disabled" };
        rows.push(vec![
            row.name.clone(),
            state.to_owned(),
            active.to_string(),
            templates.to_string(),
        ]);
        objects.push(json!({
            "id": row.id, "name": row.name, "available": row.available,
            "active_entries": active, "templates": templates,
        }));
    }
    let names = ["action type", "state", "active entries", "templates"];
    let text = table(&names, &rows, "There is no action type.");
    Ok(Told::new(text, json!({ "action_types": objects })))
}

async fn set_available(tools: &Tools, name: &str, available: bool) -> Result<Told, Failure> {
    tools.action_type(name).await?;
    let row = tools.store.set_available(name, available, &tools.author).await?;
    let state = if available { "enabled" } else { "disabled; its entries live on" };
    let object = json!({ "id": row.id, "name": row.name, "available": row.available });
    Ok(Told::new(format!("action type {name} is {state}"), object))
}

async fn remove(tools: &Tools, name: &str) -> Result<Told, Failure> {
    tools.action_type(name).await?;
    let removed = tools.store.remove_action_type(name, &tools.author).await;
    removed.map_err(|error| match error {
        ChangeError::InUse(_) => Failure::of(format!(
            "The action type {name} has entries, active or not, and their history needs it. \
             `scram action-type disable {name}` lets no more be added."
        )),
        other => other.into(),
    })?;
    Ok(Told::new(format!("action type {name} is removed"), json!({ "name": name })))
}
