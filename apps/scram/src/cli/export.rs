//! `scram export`: all entries, as `scram import` reads them.

use super::import::Format;
use super::record::{COLUMNS, Record};
use super::told::{Failure, Told, write_out};
use super::tools::Tools;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// CSV with a header, or a JSON object on each line
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Only entries that are active
    #[arg(long)]
    active: bool,
}

/// How many entries are read at once.
const BATCH: u64 = 2000;

pub(super) async fn run(tools: &Tools, arguments: &Arguments) -> Result<Told, Failure> {
    if arguments.format == Format::Csv {
        write_out(&format!("{}\n", COLUMNS.join(",")))?;
    }
    let mut after = 0;
    loop {
        let entries = tools.store.entries_after(after, BATCH).await?;
        let Some(last) = entries.last() else { return Ok(Told::nothing()) };
        after = last.id;
        let wanted = entries.iter().filter(|entry| entry.is_active || !arguments.active);
        let records: Vec<Record> = wanted.map(Record::of).collect();
        write_out(&match arguments.format {
            Format::Csv => as_csv(&records)?,
            Format::Json => as_json(&records)?,
        })?;
    }
}

fn as_csv(records: &[Record]) -> Result<String, Failure> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for record in records {
        writer.serialize(record).map_err(|error| Failure::of(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::of(error.to_string()))?;
    Ok(String::from_utf8(bytes).expect("it was made of texts"))
}

fn as_json(records: &[Record]) -> Result<String, Failure> {
    let lines = records.iter().map(|record| serde_json::to_string(record).map(|line| line + "\n"));
    lines.collect::<Result<_, _>>().map_err(|error| Failure::of(error.to_string()))
}
