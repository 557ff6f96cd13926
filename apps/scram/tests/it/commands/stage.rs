//! A script of commands, and the transcript of what they say.

use campanile_broker::testing::Folder;
use expect_test::Expect;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder with a database, on which commands work.
pub(crate) struct Desk {
    folder: Folder,
    pub(crate) url: String,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let folder = Folder::new("scram-commands");
        let url = format!("sqlite://{}/scram.db", folder.path().display());
        let desk = Desk { folder, url };
        // So that no transcript tells that the database is made.
        desk.run(&["check"], "");
        desk
    }

    /// Works on a database that is there.
    pub(crate) fn at(url: &str) -> Desk {
        Desk { folder: Folder::new("scram-commands"), url: url.to_owned() }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scram"));
        command.env_clear().env("SCRAM_DATABASE_URL", &self.url).env("USER", "root");
        command.env("SCRAM_HOSTNAME", "scram1").current_dir(self.folder.path());
        command
    }

    /// Runs a command, with this in its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // One that does not read it has ended.
        let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
        child.wait_with_output().expect("the program ends")
    }

    /// Runs a command that succeeds, and returns what it says.
    pub(crate) fn says(&self, line: &str) -> String {
        let output = self.line(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it says text")
    }

    /// Writes a file beside the database.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("the file is written");
        path
    }

    /// Plays a script: a command a line, behind `<` what it reads.
    pub(crate) fn play(&self, script: &str, expected: &Expect) {
        let mut transcript = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let output = self.line(line);
            transcript.push_str(&format!("$ scram {line}\n"));
            transcript.push_str(&masked(&String::from_utf8_lossy(&output.stdout)));
            transcript.push_str(&masked(&String::from_utf8_lossy(&output.stderr)));
            if !output.status.success() {
                transcript.push_str(&format!("[{}]\n", output.status.code().unwrap_or(-1)));
            }
        }
        expected.assert_eq(&transcript);
    }

    fn line(&self, line: &str) -> Output {
        let (command, input) = line.split_once(" < ").unwrap_or((line, ""));
        let arguments = words(command);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.run(&arguments, input)
    }
}

/// Splits a command as a shell does that knows only quotes.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.chars() {
        match (character, quote) {
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (end, Some(begin)) if begin == end => quote = None,
            (' ', None) => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Puts words in the place of what differs each time: tokens, UUIDs, times.
fn masked(text: &str) -> String {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-:.".contains(it);
    let (mut masked, mut rest) = (String::new(), text);
    while let Some(begin) = rest.find(is_part) {
        let length = rest[begin..].find(|it| !is_part(it)).unwrap_or(rest.len() - begin);
        let (before, part) = rest[..begin + length].split_at(begin);
        masked.push_str(before);
        masked.push_str(mask(part));
        rest = &rest[begin + length..];
    }
    masked + rest
}

fn mask(part: &str) -> &str {
    let is_hexadecimal = part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_made_up = part.starts_with("0eab4c6a");
    let is_time = part.len() >= 20 && part.starts_with("20") && part.ends_with('Z');
    let is_written_here = ["2025-", "2030-", "2026-12-01T12:00:00Z"].iter();
    match part.len() {
        40 if is_hexadecimal => "TOKEN",
        36 if is_hexadecimal && !is_made_up => "UUID",
        _ if is_time && !is_written_here.clone().any(|it| part.starts_with(it)) => "TIME",
        3 if part.as_bytes()[1] == b'.' => "SECONDS",
        _ => part,
    }
}
