//! `campanile explain`: asks a running server why somebody did, or did not, get a trigger.

use super::internal::{ask, authorize, origin};
use super::trigger::read_room;
use super::{ConfigArguments, Failure, begin, print};
use crate::backend::Outgoing;
use crate::config::Config;
use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, Method, Uri};
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
    /// The server's internal listener; by default the [internal] listen of the configuration.
    #[arg(long)]
    url: Option<String>,
    /// The server's [internal] key; better set in CAMPANILE_INTERNAL_KEY_FILE.
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    settings: ConfigArguments,
}

/// What a person wants to know of the answer.
#[derive(Deserialize)]
struct Said {
    cause: String,
    words: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.settings.load().map_err(begin)?.config;
    let answer = ask(outgoing(arguments, &config).map_err(Failure::usage)?)?;
    if arguments.json {
        return print(&format!("{answer}\n"));
    }
    let said: Said = serde_json::from_str(&answer)
        .map_err(|error| Failure::of(format!("the server answered something else: {error}")))?;
    print(&format!("{}: {}\n", said.cause, said.words))
}

fn outgoing(arguments: &Arguments, config: &Config) -> Result<Outgoing, String> {
    let room = arguments.room.as_deref().map(read_room).transpose()?;
    let parameters = [
        ("user", arguments.user.as_deref()),
        ("connection", arguments.connection.as_deref()),
        ("id", arguments.id.as_deref()),
        ("room", room.as_deref()),
        ("at", arguments.at.as_deref()),
    ];
    let server = arguments.url.clone().unwrap_or_else(|| origin(config));
    let mut url = format!("{}/api/v1/explain", server.trim_end_matches('/'));
    for (number, (name, value)) in
        parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).enumerate()
    {
        let mark = if number == 0 { '?' } else { '&' };
        url.push(mark);
        url.push_str(name);
        url.push('=');
        escape(value, &mut url);
    }
    let uri: Uri = url.parse().map_err(|_| format!("--url: {server:?} is not a URL"))?;
    if uri.host().is_none() || uri.scheme().is_none() {
        return Err(format!("--url: {server:?} is not a URL; write http://127.0.0.1:8002"));
    }
    let mut headers = HeaderMap::new();
    authorize(&mut headers, arguments.key.as_deref(), config)?;
    Ok(Outgoing { method: Method::GET, uri, headers, body: Bytes::new() })
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
