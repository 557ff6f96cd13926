//! Files of entries, read line by line.

use super::Format;
use crate::cli::record::{fault_of_column, fields_of, read as read_fields};
use crate::cli::told::Failure;
use crate::store::import::Imported;
use serde_json::{Map, Value};

/// An entry, and where it stands in the file.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1; in an array, of its entries.
    pub(super) number: u64,
    pub(super) entry: Imported,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Read {
    /// What the numbers count: lines, or an array's entries.
    pub(super) counted: &'static str,
    /// What is right, as far as the file tells.
    pub(super) lines: Vec<Line>,
    /// What is wrong, by their numbers.
    pub(super) faults: Vec<(u64, String)>,
}

/// Reads a file; what names no action type is of this one.
pub(super) fn read(text: &str, format: Option<Format>, action_type: &str) -> Result<Read, Failure> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.trim_start().chars().next();
    let looks_like_json = matches!(first, Some('{' | '['));
    match format {
        Some(Format::Json) => read_json(text, action_type),
        None if looks_like_json => read_json(text, action_type),
        _ => read_csv(text, action_type),
    }
}

fn read_csv(text: &str, action_type: &str) -> Result<Read, Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| Failure::usage(error.to_string()))?.clone();
    let fault = names.iter().find_map(fault_of_column);
    let fault = fault.or_else(|| {
        let is_there = names.iter().any(|name| name == "route");
        (!is_there)
            .then(|| "there is no column \"route\"; the first line names the columns".to_owned())
    });
    if let Some(fault) = fault {
        return Err(Failure::usage(format!("line 1: {fault}")));
    }
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let number = match &row {
            Ok(row) => row.position().map_or(0, csv::Position::line),
            Err(error) => error.position().map_or(0, csv::Position::line),
        };
        let entry = row.map_err(|error| fault_of_row(&error)).and_then(|row| {
            let fields = names.iter().zip(row.iter().map(ToOwned::to_owned));
            read_fields(&fields.collect::<Vec<_>>(), action_type)
        });
        match entry {
            Ok(entry) => lines.push(Line { number, entry }),
            Err(fault) => faults.push((number, fault)),
        }
    }
    Ok(Read { counted: "line", lines, faults })
}

fn fault_of_row(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, and the first line {expected_len}")
        }
        _ => error.to_string(),
    }
}

fn read_json(text: &str, action_type: &str) -> Result<Read, Failure> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let mut take = |number, object: Result<Map<String, Value>, String>| {
        let entry = object.and_then(|object| read_fields(&fields_of(&object)?, action_type));
        match entry {
            Ok(entry) => lines.push(Line { number, entry }),
            Err(fault) => faults.push((number, fault)),
        }
    };
    let is_array = text.trim_start().starts_with('[');
    if is_array {
        let all: Vec<Value> = serde_json::from_str(text)
            .map_err(|error| Failure::usage(format!("it is not a JSON array: {error}")))?;
        for (number, value) in (1..).zip(all) {
            take(number, object(value));
        }
    } else {
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim().is_empty() {
                let value = serde_json::from_str(line);
                take(
                    number,
                    value.map_err(|error| format!("it is not JSON: {error}")).and_then(object),
                );
            }
        }
    }
    Ok(Read { counted: if is_array { "entry" } else { "line" }, lines, faults })
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(format!("{other} is not an object such as {{\"route\": \"192.0.2.4\"}}")),
    }
}
