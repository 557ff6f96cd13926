//! `scram ignore`: networks that must never be acted on.

use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::cidr::Network;
use crate::settings::PrefixLimits;
use crate::store::ChangeError;
use crate::store::entries::Find;
use crate::store::pages::PageNumber;
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Put a network on the list, and say which active entries it overlaps
    Add {
        /// An address or a network
        network: String,
        /// Why, in at most 100 characters
        comment: String,
        /// Remove the active entries that it overlaps
        #[arg(long)]
        remove_overlapping: bool,
    },
    /// Show the list
    List,
    /// Give a network of the list another comment
    Comment {
        /// As it is on the list
        network: String,
        /// Why, in at most 100 characters
        comment: String,
    },
    /// Take a network off the list
    Remove {
        /// As it is on the list
        network: String,
    },
}

const COMMENT_CHARACTERS_MAX: usize = 100;

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add { network, comment, remove_overlapping } => {
            add(tools, &self::network(&network)?, &checked(&comment)?, remove_overlapping).await
        }
        Command::List => list(tools).await,
        Command::Comment { network, comment } => {
            let (network, comment) = (self::network(&network)?, checked(&comment)?);
            let changed = tools.store.comment_on_ignored(&network, &comment, &tools.author).await;
            changed.map_err(|error| not_on_list(error, &network))?;
            Ok(told(&network, "has another comment"))
        }
        Command::Remove { network } => {
            let network = self::network(&network)?;
            let removed = tools.store.unignore(&network, &tools.author).await;
            removed.map_err(|error| not_on_list(error, &network))?;
            Ok(told(&network, "is off the ignore list"))
        }
    }
}

async fn add(
    tools: &Tools,
    network: &Network,
    comment: &str,
    remove_overlapping: bool,
) -> Result<Told, Failure> {
    let added = tools.store.ignore(network, comment, &tools.author).await;
    added.map_err(|error| match error {
        ChangeError::Duplicate(_) => Failure::of(format!(
            "{network} is on the ignore list already. `scram ignore comment` changes what is said of it."
        )),
        other => other.into(),
    })?;
    let activity = tools.store.activity(network).await?;
    let overlapping: Vec<String> = activity
        .inside
        .iter()
        .chain(&activity.covered_by)
        .map(|entry| format!("{} ({})", entry.network, entry.action_type))
        .collect();
    let mut text = format!("{network} is on the ignore list");
    if remove_overlapping {
        // An administrator says so: how large a network others may ask for does not matter.
        let store = tools.store.with_limits(PrefixLimits { v4: 0, v6: 0 });
        let removed = store.remove(Find::Overlapping(*network), &tools.as_author()).await;
        let removed = removed.map_err(|error| Failure::of(error.to_string()))?;
        text.push_str(&format!("; {} overlapping entries are removed", removed.len()));
    } else if !overlapping.is_empty() {
        text.push_str(&format!(
            ". Entries that overlap it stay active: {}. `scram entry remove NETWORK` removes them, \
             as --remove-overlapping would have.",
            overlapping.join(", ")
        ));
    }
    let object = json!({
        "route": network.to_string(), "comment": comment,
        "overlapping": overlapping, "removed": remove_overlapping,
    });
    Ok(Told::new(text, object))
}

async fn list(tools: &Tools) -> Result<Told, Failure> {
    let all = PageNumber { number: 1, size: i64::MAX.unsigned_abs() };
    let rows = tools.store.ignore_entries(all).await?.map(|page| page.results).unwrap_or_default();
    let cells: Vec<_> =
        rows.iter().map(|row| vec![row.cidr.clone(), row.comment.clone()]).collect();
    let objects = rows.iter().map(|row| json!({ "route": row.cidr, "comment": row.comment }));
    let object = json!({ "ignore_entries": objects.collect::<Vec<_>>() });
    Ok(Told::new(table(&["network", "comment"], &cells, "The ignore list is empty."), object))
}

fn told(network: &Network, done: &str) -> Told {
    Told::new(format!("{network} {done}"), json!({ "route": network.to_string() }))
}

fn not_on_list(error: ChangeError, network: &Network) -> Failure {
    match error {
        ChangeError::NotFound => Failure::of(format!(
            "{network} is not on the ignore list as it is written here. `scram ignore list` shows all."
        )),
        other => other.into(),
    }
}

fn checked(comment: &str) -> Result<String, Failure> {
    let comment = comment.trim();
    if comment.is_empty() || comment.chars().count() > COMMENT_CHARACTERS_MAX {
        return Err(Failure::usage("a comment has 1 to 100 characters"));
    }
    Ok(comment.to_owned())
}

/// Reads a network as the API does.
pub(super) fn network(text: &str) -> Result<Network, Failure> {
    Network::parse_strict(text).map_err(|error| {
        Failure::usage(format!("{text:?}: {error} Write 192.0.2.4, 192.0.2.0/24 or 2001:db8::/48."))
    })
}
