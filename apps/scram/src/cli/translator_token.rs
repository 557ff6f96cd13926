//! `scram translator-token`: by which translators are known.

use super::nearest::unknown;
use super::time::{brief, shown};
use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::store::ChangeError;
use crate::store::translator_tokens::NAME_CHARACTERS_MAX;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The action types that the translator may hear of
    #[arg(required = true, value_name = "TYPE")]
    action_types: Vec<String>,
    /// The token's name; without, one is made of the action types
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show all tokens, but for themselves
    List,
    /// Take a token back: whoever comes with it is refused
    Remove {
        /// Its name
        name: String,
    },
}

pub(super) async fn run(tools: &Tools, arguments: Arguments) -> Result<Told, Failure> {
    match arguments.command {
        None => add(tools, &arguments.action_types, arguments.name).await,
        Some(Command::List) => list(tools).await,
        Some(Command::Remove { name }) => remove(tools, &name).await,
    }
}

async fn add(
    tools: &Tools,
    action_types: &[String],
    name: Option<String>,
) -> Result<Told, Failure> {
    tools.action_types(action_types).await?;
    let names: Vec<&str> = action_types.iter().map(String::as_str).collect();
    let name = match name {
        Some(name) => name,
        None => free_name(tools, &names.join("-")).await?,
    };
    let token = tools.store.add_translator_token(&name, &names).await;
    let token = token.map_err(|error| match error {
        ChangeError::Duplicate(_) => Failure::of(format!(
            "There is a token {name:?} already, and what it was cannot be shown again. Choose \
             another --name, or take it back by `scram translator-token remove {name}`."
        )),
        ChangeError::Invalid("name", _) => {
            Failure::usage(format!("a token's name has 1 to {NAME_CHARACTERS_MAX} characters"))
        }
        other => other.into(),
    })?;
    // The token alone, so that a script can take it as it is.
    let object = json!({ "name": name, "action_types": action_types, "token": token });
    Ok(Told::new(token, object))
}

/// Returns the first name of a row that nobody has: `block`, `block-2`, `block-3`.
async fn free_name(tools: &Tools, wanted: &str) -> Result<String, Failure> {
    let wanted: String = wanted.chars().take(NAME_CHARACTERS_MAX - 8).collect();
    let taken = tools.store.translator_tokens().await?;
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.clone()).chain(numbered);
    let free = names.find(|name| taken.iter().all(|token| token.name != *name));
    Ok(free.expect("the numbers do not end"))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let tokens = tools.store.translator_tokens().await?;
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            let used = token.last_used_at.map_or_else(|| "never".to_owned(), brief);
            vec![token.name.clone(), token.action_types.join(", "), brief(token.created_at), used]
        })
        .collect();
    let objects = tokens.iter().map(|token| {
        json!({
            "name": token.name, "action_types": token.action_types,
            "created_at": shown(token.created_at), "last_used_at": token.last_used_at.map(shown),
        })
    });
    let object = json!({ "translator_tokens": objects.collect::<Vec<_>>() });
    let names = ["token", "action types", "made", "last used"];
    Ok(Told::new(table(&names, &rows, "There is no translator's token."), object))
}

async fn remove(tools: &Tools, name: &str) -> Result<Told, Failure> {
    match tools.store.remove_translator_token(name).await {
        Ok(()) => Ok(Told::new(format!("token {name} is taken back"), json!({ "name": name }))),
        Err(ChangeError::NotFound) => {
            let tokens = tools.store.translator_tokens().await?;
            let names = tokens.iter().map(|token| token.name.as_str());
            Err(unknown("translator's token", name, names, "scram translator-token list"))
        }
        Err(other) => Err(other.into()),
    }
}
