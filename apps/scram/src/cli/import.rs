//! `scram import`: many entries from a file.

mod reading;

use super::told::{Failure, Told};
use super::tools::Tools;
use crate::store::AddError;
use crate::store::import::{BATCH, ImportError, Imported, Written};
use clap::{Args, ValueEnum};
use reading::{Line, Read};
use serde_json::json;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Read entries from a file, check all of them, and write them if none is wrong.
///
/// A CSV file has a header with some of route, actiontype, comment, who, expiration, is_active,
/// originating_scram_instance, when and expiration_reason. A JSON file has an object with these keys on
/// each line, or one array of them. An entry that is there already becomes what the file says.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file; `-` is standard input
    file: PathBuf,
    /// What it is; without, its first character tells
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The action type of entries that name none
    #[arg(long, value_name = "TYPE", default_value = "block")]
    action_type: String,
    /// Write what is right, and leave out what is wrong
    #[arg(long)]
    skip_invalid: bool,
    /// Check everything, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Json,
}

/// The largest file that is read: about a million entries.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// How many lines that are wrong are shown.
const FAULTS_SHOWN_MAX: usize = 50;

/// Between two batches others get their turn: SQLite's queue is not a fair one.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn run(tools: &Tools, arguments: &Arguments) -> Result<Told, Failure> {
    let began = Instant::now();
    let text = contents(&arguments.file)?;
    let read = reading::read(&text, arguments.format, &arguments.action_type)?;
    drop(text);
    let Read { counted, mut lines, mut faults } = read;
    refuse(tools, &mut lines, &mut faults).await?;
    faults.sort();
    let (right, wrong) = (lines.len(), faults.len());
    let shown = shown(&faults, counted);
    if wrong > 0 && !arguments.skip_invalid {
        return Err(Failure::of(format!(
            "{wrong} of {} entries are wrong, so nothing was written:\n{shown}Put them right, or \
             leave them out by --skip-invalid.",
            right + wrong
        )));
    }
    let entries: Vec<Imported> = lines.into_iter().map(|line| line.entry).collect();
    let written =
        if arguments.dry_run { Written::default() } else { write(tools, &entries).await? };
    let seconds = began.elapsed().as_secs_f64();
    let Written { added, changed } = written;
    let done = match (arguments.dry_run, wrong) {
        (true, _) => format!("{right} entries are right; nothing was written, as --dry-run says"),
        (false, 0) => format!("{added} entries are added, {changed} changed, in {seconds:.1} s"),
        (false, _) => format!(
            "{shown}{added} entries are added, {changed} changed, {wrong} left out, in {seconds:.1} s"
        ),
    };
    let faults = faults.iter().map(|(place, fault)| json!({ counted: place, "error": fault }));
    let object = json!({
        "added": added, "changed": changed, "skipped": wrong, "dry_run": arguments.dry_run,
        "faults": faults.take(FAULTS_SHOWN_MAX).collect::<Vec<_>>(),
    });
    Ok(Told::new(done, object))
}

/// Moves what the server would refuse to what is wrong.
async fn refuse(
    tools: &Tools,
    lines: &mut Vec<Line>,
    faults: &mut Vec<(u64, String)>,
) -> Result<(), Failure> {
    let entries: Vec<Imported> = lines.iter().map(|line| line.entry.clone()).collect();
    let refused = tools.store.refusals(&entries).await?;
    let mut places = std::collections::HashSet::with_capacity(refused.len());
    for (index, error) in refused {
        places.insert(index);
        faults.push((lines[index].number, refusal(&error, &lines[index].entry)));
    }
    let mut index = 0;
    lines.retain(|_| {
        index += 1;
        !places.contains(&(index - 1))
    });
    Ok(())
}

async fn write(tools: &Tools, entries: &[Imported]) -> Result<Written, Failure> {
    let mut written = Written::default();
    for batch in entries.chunks(BATCH) {
        let done = tools.store.add_many(batch, &tools.author).await.map_err(|error| {
            let why = match error {
                ImportError::Database(error) => format!("the database failed: {error}"),
                ImportError::Refused(_) => {
                    "the ignore list or the action types were changed meanwhile".to_owned()
                }
            };
            Failure::of(format!(
                "{why}. {} entries were written before; import the file again, which changes \
                 nothing about them.",
                written.added + written.changed
            ))
        })?;
        written.added += done.added;
        written.changed += done.changed;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(written)
}

fn refusal(error: &AddError, entry: &Imported) -> String {
    match error {
        AddError::Ignored(ignored) => {
            format!("{} overlaps {ignored} on the ignore list", entry.network)
        }
        AddError::TooLarge(limits) => format!(
            "{} is too large: V4_MINPREFIX is {}, V6_MINPREFIX is {}",
            entry.network, limits.v4, limits.v6
        ),
        AddError::ActionTypeUnknown(name) => {
            format!("there is no action type {name:?}; `scram action-type add {name}` makes it")
        }
        AddError::ActionTypeDisabled(name) => format!("the action type {name:?} is disabled"),
        other => other.to_string(),
    }
}

fn shown(faults: &[(u64, String)], counted: &str) -> String {
    let lines = faults.iter().take(FAULTS_SHOWN_MAX);
    let mut text: String =
        lines.map(|(line, fault)| format!("  {counted} {line}: {fault}\n")).collect();
    if let Some(more) = faults.len().checked_sub(FAULTS_SHOWN_MAX).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

fn contents(file: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read: {error}", file.display()))
    };
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(file).map_err(failed)?;
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)
    };
    read.map_err(failed)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        let message = format!("{} is larger than 256 MiB: split it", file.display());
        return Err(Failure::usage(message));
    }
    Ok(text)
}
