//! `campanile explain`: asks a running server why somebody did, or did not, get a trigger.

use super::internal::{Server, ask};
use super::trigger::read_room;
use super::{Failure, print};
use clap::Args;
use http::Method;
use serde::Deserialize;
use std::fmt::Write;

/// What `explain` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The user, as the backend names it.
    #[arg(long, required_unless_present = "connection", conflicts_with = "connection")]
    user: Option<String>,
    /// The connection, by the name that its greeting gave it.
    #[arg(long)]
    connection: Option<String>,
    /// The trigger, by its id.
    #[arg(long, required_unless_present = "room", conflicts_with = "room")]
    id: Option<String>,
    /// The trigger, by one of its rooms: JSON, or key=value[,key=value].
    #[arg(long)]
    room: Option<String>,
    /// When it was, as 2026-11-21T09:30:00Z; the last one for that room if it is not said.
    #[arg(long, requires = "room")]
    at: Option<String>,
    /// Print the whole answer, as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

/// What a person wants to know of the answer.
#[derive(Deserialize)]
struct Said {
    cause: String,
    words: String,
    node: String,
    #[serde(default)]
    others: Vec<Other>,
}

/// What it wants to know of another node.
#[derive(Deserialize)]
struct Other {
    cause: String,
    node: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = path(arguments).map_err(Failure::usage)?;
    let answer = ask(arguments.server.request(Method::GET, &path)?)?;
    if arguments.json {
        return print(&format!("{answer}\n"));
    }
    let said: Said = serde_json::from_str(&answer)
        .map_err(|error| Failure::of(format!("the server answered something else: {error}")))?;
    let mut text = format!("{}: {}\n", said.cause, said.words);
    if !said.others.is_empty() {
        writeln!(text, "({} says so)", said.node).expect("a String takes all");
    }
    for Other { cause, node } in &said.others {
        writeln!(text, "{node}: {cause}").expect("a String takes all");
    }
    print(&text)
}

/// Returns where the question is asked, with the question.
fn path(arguments: &Arguments) -> Result<String, String> {
    let room = arguments.room.as_deref().map(read_room).transpose()?;
    let parameters = [
        ("user", arguments.user.as_deref()),
        ("connection", arguments.connection.as_deref()),
        ("id", arguments.id.as_deref()),
        ("room", room.as_deref()),
        ("at", arguments.at.as_deref()),
    ];
    let mut path = String::from("/api/v1/explain");
    for (number, (name, value)) in
        parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).enumerate()
    {
        path.push(if number == 0 { '?' } else { '&' });
        path.push_str(name);
        path.push('=');
        escape(value, &mut path);
    }
    Ok(path)
}

/// Writes a value as it stands in a URL.
fn escape(value: &str, url: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("a String takes all");
        }
    }
}
