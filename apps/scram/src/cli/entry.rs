//! `scram entry`: networks that are acted on.

use super::ignore::network;
use super::record::Record;
use super::time::{brief, parse, parse_span, shown};
use super::told::{Failure, Told, table};
use super::tools::Tools;
use crate::cidr::Network;
use crate::store::entries::{Entry, Find, NewEntry};
use crate::store::pages::PageNumber;
use crate::store::{AddError, FindError, RemoveError, never};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an entry, or make an old one active again
    Add(Add),
    /// Make the entry of a number inactive, or all whose networks overlap one
    Remove {
        /// A number, an address or a network
        entry: String,
    },
    /// Show active entries, or all that was ever said about a network
    List {
        /// An address or a network
        network: Option<String>,
    },
    /// Show one entry with its history
    Show {
        /// A number, an address or a network
        entry: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// An address or a network
    network: String,
    /// Why
    comment: String,
    /// What is to be done about it
    #[arg(long, value_name = "TYPE", default_value = "block")]
    action_type: String,
    /// When it ends, such as 2026-12-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME", conflicts_with = "duration")]
    expiration: Option<String>,
    /// How long it lasts: 90s, 30m, 12h, 7d
    #[arg(long = "for", value_name = "SPAN")]
    duration: Option<String>,
}

/// How many entries are shown at most; `scram export` writes all.
const SHOWN_MAX: u64 = 1000;

pub(super) async fn run(tools: &Tools, command: Command) -> Result<Told, Failure> {
    match command {
        Command::Add(add) => self::add(tools, add).await,
        Command::Remove { entry } => remove(tools, &find(&entry)?).await,
        Command::List { network: None } => list_active(tools).await,
        Command::List { network: Some(network) } => {
            list_about(tools, &self::network(&network)?).await
        }
        Command::Show { entry } => show(tools, &entry).await,
    }
}

async fn add(tools: &Tools, add: Add) -> Result<Told, Failure> {
    let wanted = NewEntry {
        network: network(&add.network)?,
        expiration: add.end()?,
        action_type: add.action_type,
        comment: add.comment,
        who: None,
    };
    if wanted.comment.trim().is_empty() {
        return Err(Failure::usage("say why in the comment"));
    }
    // For "did you mean".
    tools.action_type(&wanted.action_type).await?;
    let added = tools.store.add(&wanted, &tools.as_author()).await;
    let added = added.map_err(|error| refusal(&error, &wanted.network))?;
    let entry = &added.entry;
    let done = if added.is_new { "added" } else { "active, as it was there before" };
    let until = if entry.expiration == never() {
        String::new()
    } else {
        format!(" until {}", shown(entry.expiration))
    };
    let text =
        format!("entry {}: {} is {done} ({}){until}", entry.id, entry.network, entry.action_type);
    Ok(Told::new(text, json!(Record::of(entry))))
}

async fn remove(tools: &Tools, find: &Find) -> Result<Told, Failure> {
    let removed = tools.store.remove(*find, &tools.as_author()).await;
    let removed = removed.map_err(|error| match error {
        RemoveError::TooLarge(_) => Failure::of(format!("{error}. Name a smaller network.")),
        other => Failure::of(other.to_string()),
    })?;
    let text = match &*removed {
        [] => "nothing active is there, so nothing was removed".to_owned(),
        removed => {
            let lines = removed.iter().map(|it| {
                format!("entry {}: {} is removed ({})", it.id, it.network, it.action_type)
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    Ok(Told::new(text, json!({ "removed": removed.iter().map(Record::of).collect::<Vec<_>>() })))
}

async fn list_active(tools: &Tools) -> Result<Told, Failure> {
    let page = PageNumber { number: 1, size: SHOWN_MAX };
    let page = tools.store.active_entries(page).await?;
    let (count, entries) = page.map_or((0, Vec::new()), |page| (page.count, page.results));
    let mut text = rows(&entries, "No entry is active.");
    if page_is_cut(count) {
        text.push_str(&format!(
            "\n{count} entries are active; `scram export --active` writes all."
        ));
    }
    let object = json!({
        "count": count, "entries": entries.iter().map(Record::of).collect::<Vec<_>>(),
    });
    Ok(Told::new(text, object))
}

async fn list_about(tools: &Tools, network: &Network) -> Result<Told, Failure> {
    let found = tools.store.search(network, SHOWN_MAX).await?;
    let entries: Vec<Entry> = found.inside.into_iter().chain(found.containing).collect();
    let text = rows(&entries, &format!("Nothing was ever said about {network}."));
    Ok(Told::new(text, json!({ "entries": entries.iter().map(Record::of).collect::<Vec<_>>() })))
}

async fn show(tools: &Tools, text: &str) -> Result<Told, Failure> {
    let found = match find(text)? {
        Find::Id(id) => tools.store.entry(id).await?,
        wanted => match tools.store.find(wanted).await {
            Ok(entry) => Some(entry),
            Err(FindError::NotOne) => None,
            Err(error) => return Err(Failure::of(error.to_string())),
        },
    };
    let entry = found.ok_or_else(|| {
        Failure::of(format!(
            "{text} is no entry's number, and not exactly one active entry is there. \
             `scram entry list {text}` shows what was ever said about a network."
        ))
    })?;
    let history = tools.store.history_of_entry(entry.id).await?;
    let changes: Vec<_> = history
        .iter()
        .map(|it| {
            let cells = [brief(it.at), it.kind.clone(), it.author.clone(), it.reason.clone()];
            cells.to_vec()
        })
        .collect();
    let object = json!({
        "entry": Record::of(&entry),
        "history": history.iter().map(|it| json!({
            "at": shown(it.at), "kind": it.kind, "author": it.author, "reason": it.reason,
        })).collect::<Vec<_>>(),
    });
    let head = rows(std::slice::from_ref(&entry), "");
    let changes = table(&["when", "", "author", "reason"], &changes, "");
    Ok(Told::new(format!("{head}\n\n{changes}"), object))
}

fn rows(entries: &[Entry], none: &str) -> String {
    let rows: Vec<_> = entries
        .iter()
        .map(|it| {
            let end =
                if it.expiration == never() { "never".to_owned() } else { shown(it.expiration) };
            let state = if it.is_active { "active".to_owned() } else { "inactive".to_owned() };
            let network = it.network.to_string();
            let texts = [it.action_type.clone(), state, end, it.who.clone(), it.comment.clone()];
            [it.id.to_string(), network].into_iter().chain(texts).collect()
        })
        .collect();
    table(&["entry", "network", "action type", "state", "ends", "who", "comment"], &rows, none)
}

fn page_is_cut(count: u64) -> bool {
    count > SHOWN_MAX
}

fn find(text: &str) -> Result<Find, Failure> {
    Find::parse(text).map_err(|_| {
        Failure::usage(format!("{text:?} is neither an entry's number nor an address or a network"))
    })
}

/// Says what to do about it, too.
fn refusal(error: &AddError, network: &Network) -> Failure {
    Failure::of(match error {
        AddError::ActionTypeDisabled(name) => format!(
            "The action type {name:?} is disabled. `scram action-type enable {name}` lets entries be added."
        ),
        AddError::Ignored(ignored) => format!(
            "{network} overlaps {ignored} on the ignore list. `scram ignore remove {ignored}` takes it off."
        ),
        AddError::TooLarge(limits) => format!(
            "{network} is too large: V4_MINPREFIX is {} and V6_MINPREFIX is {}. Name smaller \
             networks, or set these in the environment.",
            limits.v4, limits.v6
        ),
        other => other.to_string(),
    })
}

impl Add {
    fn end(&self) -> Result<Option<DateTime<Utc>>, Failure> {
        if let Some(span) = &self.duration {
            let end = parse_span(span).and_then(|span| Utc::now().checked_add_signed(span));
            let end = end.ok_or_else(|| Failure::usage("--for is such as 90s, 30m, 12h or 7d"));
            return end.map(Some);
        }
        let Some(text) = &self.expiration else { return Ok(None) };
        let message =
            format!("--expiration is {text:?}, which is no time such as 2026-12-01T12:00:00Z");
        parse(text).map(Some).ok_or_else(|| Failure::usage(message))
    }
}
