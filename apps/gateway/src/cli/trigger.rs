//! `campanile trigger`: sends one trigger to the internal listener of a running server.

use super::internal::{Server, ask};
use super::{Failure, print};
use clap::Args;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::value::RawValue;

/// What `trigger` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The room, as JSON or as key=value[,key=value]: zoo=1 is the number, zoo="1" the text.
    room: String,
    /// What its subscribers get, as JSON.
    data: String,
    #[command(flatten)]
    server: Server,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let body = body(&arguments.room, &arguments.data).map_err(Failure::usage)?;
    let mut outgoing = arguments.server.request(Method::POST, "/trigger/")?;
    let json = HeaderValue::from_static("application/json");
    outgoing.headers.insert(ACCEPT, json.clone());
    outgoing.headers.insert(CONTENT_TYPE, json);
    outgoing.body = body.into();
    print(&format!("{}\n", ask(outgoing)?.trim_end()))
}

/// Returns the body of a trigger; `data` goes into it as it was typed.
pub(super) fn body(room: &str, data: &str) -> Result<String, String> {
    let room = read_room(room)?;
    if serde_json::from_str::<&RawValue>(data).is_err() {
        return Err(format!(
            "the data {data:?} is not JSON; a text stands in quotes: '\"{data}\"'"
        ));
    }
    Ok(format!("{{\"rooms\":[{room}],\"data\":{data}}}"))
}

/// Reads a room that is typed as JSON or as `key=value[,key=value]`, and returns it as JSON.
pub(super) fn read_room(room: &str) -> Result<String, String> {
    if room.trim_start().starts_with('{') { json(room) } else { pairs(room) }
}

fn json(room: &str) -> Result<String, String> {
    let room: &RawValue = serde_json::from_str(room)
        .map_err(|error| format!("the room {room:?} is not JSON: {error}"))?;
    Ok(room.get().to_owned())
}

fn pairs(room: &str) -> Result<String, String> {
    let mut object = Vec::new();
    for pair in room.split(',') {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(format!("the room {room:?} is neither JSON nor key=value[,key=value]"));
        };
        let is_json = serde_json::from_str::<&RawValue>(value).is_ok();
        let value = if is_json { value.to_owned() } else { quoted(value) };
        object.push(format!("{}:{value}", quoted(key.trim())));
    }
    Ok(format!("{{{}}}", object.join(",")))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
