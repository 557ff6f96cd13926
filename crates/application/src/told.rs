//! What a command says: that it was done, or why not.

use campanile_accounts::Problem;
use sea_orm::DbErr;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// What was done, for people and for scripts.
#[derive(Debug)]
pub struct Told {
    text: String,
    json: Value,
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    message: String,
}

impl Told {
    /// What was done, as text and as one object.
    pub fn new(text: impl Into<String>, json: Value) -> Told {
        Told { text: text.into(), json }
    }

    /// What has said everything already, or has nothing to say.
    pub fn nothing() -> Told {
        Told::new("", Value::Null)
    }

    /// Says it: as text, or as one object.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written to.
    pub fn print(self, as_json: bool) -> Result<(), Failure> {
        match self {
            Told { json: Value::Null, .. } => Ok(()),
            Told { json, .. } if as_json => write_out(&format!("{json}\n")),
            Told { text, .. } => write_out(&format!("{}\n", tamed(text.trim_end(), "\n"))),
        }
    }
}

impl Failure {
    /// It was tried, and failed.
    pub fn of(message: impl Into<String>) -> Failure {
        Failure { status: 1, message: message.into() }
    }

    /// It could not begin: what was said or set makes no sense.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { status: 2, message: message.into() }
    }

    /// Says it on standard error, under the name of the program, and returns the status to exit with.
    pub fn print(self, program: &str) -> ExitCode {
        // There is nowhere to complain about a closed standard error.
        let _ = writeln!(std::io::stderr(), "{program}: {}", tamed(&self.message, "\n"));
        ExitCode::from(self.status)
    }
}

/// Writes to standard output; that nobody reads it any more is no failure.
///
/// # Errors
///
/// If it cannot be written to.
pub fn write_out(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::of(format!("standard output cannot be written to: {error}")))
        }
        _ => Ok(()),
    }
}

/// Lays out rows in columns, below their names; says `none` where there are none.
pub fn table(names: &[&str], rows: &[Vec<String>], none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let head: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| tamed(cell, "")).collect()).collect();
    let lines = || std::iter::once(&head).chain(&rows);
    let widths: Vec<usize> = (0..names.len())
        .map(|column| lines().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes as escapes what a terminal would obey, but for `allowed`: comments and names are others'
/// words, and even a stranger may register a client.
fn tamed(text: &str, allowed: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for character in text.chars() {
        // Some turn the direction of what is behind them.
        let is_obeyed = character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_obeyed && !allowed.contains(character) {
            tamed.extend(character.escape_default());
        } else {
            tamed.push(character);
        }
    }
    tamed
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Failure {
        Failure::of(format!("the database failed, and nothing was changed: {error}"))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::of(problem.to_string())
    }
}
