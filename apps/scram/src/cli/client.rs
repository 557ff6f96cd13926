//! `scram client`: programs that add entries by a UUID.

use super::nearest::unknown;
use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::entities::client;
use crate::store::clients::Registered;
use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a client known; its UUID is its secret
    Add {
        /// Its name, of at most 50 characters
        name: String,
        /// Its UUID; without, it is given one
        #[arg(long)]
        uuid: Option<Uuid>,
        /// An action type that it may add entries of
        #[arg(long = "authorize", value_name = "TYPE")]
        action_types: Vec<String>,
    },
    /// Show all clients
    List,
    /// Let a client add entries of these action types and of no others; without any, of none
    Authorize {
        /// Its name
        name: String,
        /// Action types
        action_types: Vec<String>,
    },
    /// Forget a client; what it has added stays
    Remove {
        /// Its name
        name: String,
    },
}

/// How many characters the name of a client has at most.
const NAME_CHARACTERS_MAX: usize = 50;

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add { name, uuid, action_types } => add(tools, &name, uuid, &action_types).await,
        Command::List => list(tools).await,
        Command::Authorize { name, action_types } => {
            let client = find(tools, &name).await?;
            authorize(tools, &client, &action_types, "").await
        }
        Command::Remove { name } => {
            let client = find(tools, &name).await?;
            tools.store.remove_client(&client.client_name).await?;
            Ok(Told::new(format!("client {name} is removed"), json!({ "client_name": name })))
        }
    }
}

async fn add(
    tools: &Tools,
    name: &str,
    uuid: Option<Uuid>,
    action_types: &[String],
) -> Result<Told, Failure> {
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(Failure::usage("a client's name has 1 to 50 characters"));
    }
    // Before anything is written.
    tools.action_types(action_types).await?;
    match tools.store.register(name, uuid).await? {
        // Who says nothing of it takes nothing away.
        Registered::Known(client) if action_types.is_empty() => Ok(Told::new(
            format!("client {name} is known already, as it was; its UUID is {}", client.uuid),
            json!({ "client_name": name, "uuid": client.uuid.to_string() }),
        )),
        Registered::New(client) => authorize(tools, &client, action_types, "added, ").await,
        Registered::Known(client) => {
            authorize(tools, &client, action_types, "known already, ").await
        }
        Registered::Refused => Err(Failure::of(format!(
            "There is a client {name:?} with another UUID, or another client has this UUID. \
             `scram client list` shows all; `scram client authorize` changes what one may do."
        ))),
    }
}

async fn authorize(
    tools: &Tools,
    client: &client::Model,
    action_types: &[String],
    before: &str,
) -> Result<Told, Failure> {
    let numbers = tools.action_types(action_types).await?;
    let is_authorized = !numbers.is_empty();
    let name = &client.client_name;
    tools.store.authorize(name, is_authorized, &numbers).await?;
    let may = if is_authorized {
        format!("authorized for {}", action_types.join(", "))
    } else {
        "not authorized".to_owned()
    };
    let text = format!("client {name} is {before}{may}; its UUID is {}", client.uuid);
    let object = json!({
        "client_name": name, "uuid": client.uuid.to_string(), "is_authorized": is_authorized,
        "authorized_actiontypes": action_types,
    });
    Ok(Told::new(text, object))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let known = tools.store.action_types().await?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for client in tools.store.clients().await? {
        let numbers = tools.store.client_action_types(client.id).await?;
        let names = known.iter().filter(|row| numbers.contains(&row.id));
        let names: Vec<&str> = names.map(|row| row.name.as_str()).collect();
        let may = if client.is_authorized { names.join(", ") } else { "not authorized".to_owned() };
        rows.push(vec![client.client_name.clone(), client.uuid.to_string(), may]);
        objects.push(json!({
            "client_name": client.client_name, "uuid": client.uuid.to_string(),
            "is_authorized": client.is_authorized, "authorized_actiontypes": names,
        }));
    }
    let text = table(&["client", "uuid", "may add"], &rows, "There is no client.");
    Ok(Told::new(text, json!({ "clients": objects })))
}

async fn find(tools: &Tools, name: &str) -> Result<client::Model, Failure> {
    if let Some(client) = tools.store.client(name).await? {
        return Ok(client);
    }
    let all = tools.store.clients().await?;
    let names = all.iter().map(|client| client.client_name.as_str());
    Err(unknown("client", name, names, "scram client list"))
}
