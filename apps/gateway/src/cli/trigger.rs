//! `campanile trigger`: sends one trigger to the internal listener of a running server.

use super::{ConfigArguments, Failure, begin, print};
use crate::backend::{Client, Outgoing};
use crate::config::Config;
use clap::Args;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_json::value::RawValue;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 65_536;

/// What `trigger` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The room, as JSON or as key=value[,key=value]: zoo=1 is the number, zoo="1" the text.
    room: String,
    /// What its subscribers get, as JSON.
    data: String,
    /// Where the server takes triggers; by default at its [internal] listen.
    #[arg(long)]
    url: Option<String>,
    /// The server's [internal] key; better set in CAMPANILE_INTERNAL_KEY_FILE.
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    settings: ConfigArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.settings.load().map_err(begin)?.config;
    let outgoing = outgoing(arguments, &config).map_err(Failure::usage)?;
    let uri = outgoing.uri.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(error.to_string()))?;
    let client = Client::new(None, CONNECT_TIMEOUT, TIMEOUT, ANSWER_BYTES_MAX);
    let answer = runtime.block_on(client.send(outgoing));
    let answer = answer.map_err(|error| Failure::of(format!("{uri}: {error}")))?;
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status.is_success() {
        print(&format!("{}\n", text.trim_end()))
    } else {
        Err(Failure::of(format!("{uri}: {}: {}", answer.status, text.trim_end())))
    }
}

fn outgoing(arguments: &Arguments, config: &Config) -> Result<Outgoing, String> {
    let s = if config.internal.certificate.is_some() { "s" } else { "" };
    let url = arguments
        .url
        .clone()
        .unwrap_or_else(|| format!("http{s}://{}/trigger/", reachable(config.internal.listen)));
    let uri: Uri = url.parse().map_err(|_| format!("--url: {url:?} is not a URL"))?;
    if uri.host().is_none() || uri.scheme().is_none() {
        return Err(format!("--url: {url:?} is not a URL; write http://127.0.0.1:8002/trigger/"));
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let own_key = config.internal.keys.first().map(|key| key.reveal().to_owned());
    if let Some(key) = arguments.key.clone().or(own_key) {
        let value = HeaderValue::from_str(&format!("Bearer {key}"));
        let mut value = value.map_err(|_| "the key cannot stand in a header")?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let body = body(&arguments.room, &arguments.data)?;
    Ok(Outgoing { method: Method::POST, uri, headers, body: body.into() })
}

/// Returns the body of a trigger; `data` goes into it as it was typed.
pub(super) fn body(room: &str, data: &str) -> Result<String, String> {
    let room = if room.trim_start().starts_with('{') { json(room)? } else { pairs(room)? };
    if serde_json::from_str::<&RawValue>(data).is_err() {
        return Err(format!(
            "the data {data:?} is not JSON; a text stands in quotes: '\"{data}\"'"
        ));
    }
    Ok(format!("{{\"rooms\":[{room}],\"data\":{data}}}"))
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

/// Where a server that listens on every address is reached from its own machine.
pub(super) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}
