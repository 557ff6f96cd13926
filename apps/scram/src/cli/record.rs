//! An entry as a line of a file.

use super::time::{parse, shown};
use crate::cidr::Network;
use crate::store::entries::Entry;
use crate::store::import::Imported;
use campanile_environment::nearest;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

/// An entry as it is written. The names are those of the API and of the original's tables.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    route: String,
    actiontype: String,
    comment: String,
    who: String,
    expiration: String,
    is_active: bool,
    originating_scram_instance: String,
    when: String,
    expiration_reason: String,
}

/// The columns that are read, of which only the first must be there.
pub(super) const COLUMNS: &[&str] = &[
    "route",
    "actiontype",
    "comment",
    "who",
    "expiration",
    "is_active",
    "originating_scram_instance",
    "when",
    "expiration_reason",
];

/// Columns that others write, and that say nothing here.
const PASSED_OVER: &[&str] = &["id", "pk", "url"];

impl Record {
    pub(super) fn of(entry: &Entry) -> Record {
        Record {
            route: entry.network.to_string(),
            actiontype: entry.action_type.clone(),
            comment: entry.comment.clone(),
            who: entry.who.clone(),
            expiration: shown(entry.expiration),
            is_active: entry.is_active,
            originating_scram_instance: entry.originating_scram_instance.clone(),
            when: shown(entry.made),
            expiration_reason: entry.expiration_reason.clone(),
        }
    }
}

/// Says what is wrong with the name of a column; nothing if it is known.
pub(super) fn fault_of_column(name: &str) -> Option<String> {
    if COLUMNS.contains(&name) || PASSED_OVER.contains(&name) {
        return None;
    }
    let meant = nearest(name, COLUMNS.iter().copied());
    let meant = meant.map_or_else(String::new, |meant| format!(" Did you mean {meant:?}?"));
    Some(format!("there is no column {name:?}.{meant} The columns are {}.", COLUMNS.join(", ")))
}

/// Reads an object of a JSON file as fields: what is no text is written as one.
pub(super) fn fields_of(object: &Map<String, Value>) -> Result<Vec<(&str, String)>, String> {
    let mut fields = Vec::with_capacity(object.len());
    for (name, value) in object {
        if let Some(fault) = fault_of_column(name) {
            return Err(fault);
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        fields.push((name.as_str(), text));
    }
    Ok(fields)
}

/// Makes an entry of fields, or says what is wrong with them.
pub(super) fn read(fields: &[(&str, String)], action_type: &str) -> Result<Imported, String> {
    let field = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    };
    let route = field("route").ok_or("route is missing")?;
    let network =
        Network::parse_strict(route).map_err(|error| format!("route {route:?}: {error}"))?;
    let is_active = field("is_active").map_or(Ok(true), truth)?;
    let reason = field("expiration_reason").filter(|_| !is_active);
    Ok(Imported {
        network,
        action_type: field("actiontype").unwrap_or(action_type).to_owned(),
        comment: field("comment").unwrap_or_default().to_owned(),
        who: fitting("who", field("who").unwrap_or_default(), 255)?,
        expiration: time("expiration", field("expiration"))?,
        is_active,
        expiration_reason: fitting("expiration_reason", reason.unwrap_or_default(), 200)?,
        originating_scram_instance: field("originating_scram_instance")
            .map(|text| fitting("originating_scram_instance", text, 255))
            .transpose()?,
        made: time("when", field("when"))?,
    })
}

fn time(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, String> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || format!("{name} {text:?} is no time such as 2026-12-01T12:00:00Z");
    parse(text).map(Some).ok_or_else(wrong)
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" => Ok(true),
        "false" | "f" | "0" | "no" => Ok(false),
        _ => Err(format!("is_active {text:?} is neither true nor false")),
    }
}

fn fitting(name: &str, text: &str, characters_max: usize) -> Result<String, String> {
    if text.chars().count() > characters_max {
        return Err(format!("{name} has more than {characters_max} characters"));
    }
    Ok(text.to_owned())
}
