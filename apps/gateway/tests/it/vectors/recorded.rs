//! The recorded exchanges, read into steps.

use crate::support::backend::{Answer, Request};
use crate::support::client::Client;
use crate::support::play::{Receive, Rule, Step};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One exchange.
#[derive(Clone, Debug)]
pub(super) struct Transcript {
    pub(super) server: String,
    pub(super) name: String,
    pub(super) verdict: String,
    pub(super) bootstrap: Value,
    pub(super) steps: Vec<Value>,
}

/// Headers that an HTTP library adds by itself, about which the recording says nothing.
const OF_THE_LIBRARY: &[&str] = &["accept", "accept-encoding", "connection"];

/// Returns all that was recorded.
pub(super) fn transcripts() -> Vec<Transcript> {
    let file: Value = serde_json::from_str(include_str!("../../vectors/templar.json"))
        .expect("the recording is JSON");
    let transcripts = file["transcripts"].as_array().expect("the recording has transcripts");
    transcripts.iter().map(transcript).collect()
}

fn transcript(recorded: &Value) -> Transcript {
    let steps = recorded["steps"].as_array().expect("a transcript has steps").clone();
    let (server, name) = (text(&recorded["server"]), text(&recorded["name"]));
    let (verdict, bootstrap) = (text(&recorded["verdict"]), recorded["bootstrap"].clone());
    Transcript { server, name, verdict, bootstrap, steps }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns how the backend of a recording answers. Its `per_connection` goes by the cookie `who`.
pub(super) fn rule(bootstrap: &Value) -> Rule {
    let bootstrap = bootstrap.clone();
    Box::new(move |request: &Request| {
        if !request.path.ends_with("/bootstrap/") {
            return Answer::json(200, "");
        }
        let who = request
            .header("cookie")
            .and_then(|cookie| cookie.strip_prefix("who="))
            .unwrap_or_default();
        let body = match &bootstrap["per_connection"][who] {
            Value::Null => bootstrap["raw"]
                .as_str()
                .map_or_else(|| bootstrap["json"].to_string(), str::to_owned),
            rooms => rooms.to_string(),
        };
        let status = bootstrap["status"].as_u64().and_then(|status| status.try_into().ok());
        let mut answer = Answer::json(status.unwrap_or(200), body);
        if let Some(content_type) = bootstrap["content_type"].as_str() {
            answer.content_type = content_type.to_owned();
        }
        answer.delay = Duration::from_secs_f64(bootstrap["delay"].as_f64().unwrap_or(0.0));
        answer
    })
}

/// Returns the steps as they were recorded.
pub(super) fn steps(transcript: &Transcript) -> Vec<Step> {
    // Elsewhere the recorder only waited for what the player knows to wait for.
    let waits = transcript.name == "inactivity";
    transcript.steps.iter().flat_map(|recorded| step(recorded, waits)).collect()
}

fn step(recorded: &Value, waits: bool) -> Vec<Step> {
    let who = |key: &str| recorded[key].as_str().map(str::to_owned);
    if let Some(who) = who("open") {
        let (path, headers) = (text(&recorded["path"]), pairs(&recorded["headers"]));
        return vec![Step::Open { who, path, headers, protocol: None }];
    }
    if let Some(who) = who("refused") {
        let status = recorded["http_status"].as_u64().and_then(|status| status.try_into().ok());
        return vec![Step::Refused { who, status: status.unwrap_or_default() }];
    }
    if let Some(who) = who("send") {
        return vec![match recorded["hex"].as_str() {
            Some(hex) => Step::SendBinary { who, bytes: unhex(hex) },
            None => Step::Send { who, text: text(&recorded["text"]) },
        }];
    }
    if let Some(who) = who("recv") {
        return vec![Step::Receive { who, text: any_counter(recorded), how: Receive::Same }];
    }
    if let Some(who) = who("closed") {
        let code = recorded["code"].as_u64().and_then(|code| code.try_into().ok());
        return vec![Step::Closed { who, code: code.unwrap_or_default() }];
    }
    if let Some(who) = who("close") {
        return vec![Step::Close { who }];
    }
    match recorded {
        recorded if recorded["trigger"].is_object() => trigger(recorded),
        recorded if recorded["bootstrap"].is_object() => {
            vec![Step::Backend(rule(&recorded["bootstrap"]))]
        }
        recorded if recorded["backend_saw"].is_array() => {
            vec![backend_saw(&recorded["backend_saw"])]
        }
        recorded if waits => {
            vec![Step::Wait(Duration::from_secs_f64(recorded["wait_s"].as_f64().unwrap_or(0.0)))]
        }
        _ => Vec::new(),
    }
}

/// Returns the steps as they were recorded, triggers by RabbitMQ at this port.
pub(super) fn steps_by_rabbit(transcript: &Transcript, port: u16) -> Vec<Step> {
    let by_rabbit = |recorded: &Value| match recorded["amqp"]["routing_key"].as_str() {
        Some(routing_key) => {
            let (routing_key, body) = (routing_key.to_owned(), text(&recorded["trigger"]["text"]));
            vec![Step::Rabbit { port, routing_key, body }]
        }
        None => step(recorded, false),
    };
    transcript.steps.iter().flat_map(by_rabbit).collect()
}

/// Returns a message's text; counters of the server that was recorded stand for any number.
fn any_counter(recorded: &Value) -> String {
    let mut json = recorded["json"].clone();
    for counter in ["rabbitmq_messages_received", "ws_messages_received", "ws_messages_send"] {
        if !json[counter].is_null() {
            json[counter] = "<number>".into();
        }
    }
    // A room of an earlier exchange was left over in the server that was recorded: one of its faults.
    if let Some(rooms) = json["num_rooms"].as_u64() {
        json["num_rooms"] = (rooms - 1).into();
    }
    if json.is_null() { text(&recorded["text"]) } else { json.to_string() }
}

fn trigger(recorded: &Value) -> Vec<Step> {
    let body = match recorded["trigger"]["hex"].as_str() {
        Some(hex) => unhex(hex),
        None => text(&recorded["trigger"]["text"]).into_bytes(),
    };
    let answered = match recorded["http"]["status"].as_u64() {
        // RabbitMQ answers nothing.
        None => Step::Answered { status: vec![200, 400], body: None },
        // "better a 400", says the recording.
        Some(500) => Step::Answered { status: vec![400], body: None },
        Some(status) => Step::Answered {
            status: vec![status.try_into().unwrap_or_default()],
            body: recorded["http"]["body"].as_str().map(str::to_owned),
        },
    };
    vec![Step::Trigger { headers: Vec::new(), body }, answered]
}

fn backend_saw(requests: &Value) -> Step {
    let requests = requests.as_array().map_or(&[][..], Vec::as_slice);
    let expected = requests.iter().map(|request| {
        let mut lines = vec![format!("{} {}", text(&request["method"]), text(&request["path"]))];
        lines.extend(
            pairs(&request["headers"]).into_iter().filter_map(|(name, value)| line(&name, &value)),
        );
        lines.sort();
        lines
    });
    Step::BackendSaw(expected.collect(), describe)
}

/// Returns a request as lines: first its method and path, then its headers in order of their names.
fn describe(request: &Request) -> Vec<String> {
    let mut lines = vec![format!("{} {}", request.method, request.path)];
    lines.extend(request.headers.iter().filter_map(|(name, value)| line(name, value)));
    lines.sort();
    lines
}

fn line(name: &str, value: &str) -> Option<String> {
    if OF_THE_LIBRARY.contains(&name) {
        return None;
    }
    let value = match (name, value) {
        ("host", _) => "<some host>",
        ("user-agent", value)
            if value == "<library default>" || value.starts_with("campanile/") =>
        {
            return None;
        }
        (_, value) => value,
    };
    Some(format!("{name}: {value}"))
}

/// Opens a connection and says everything at once, before the handshake is answered; returns the steps that are left.
pub(super) async fn early(
    transcript: &Transcript,
    public: SocketAddr,
) -> Result<Vec<Step>, String> {
    let mut bytes = format!(
        "GET /ws/ HTTP/1.1\r\nHost: {public}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: sessionid=s\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    let (mut rest, mut who) = (Vec::new(), String::new());
    for step in steps(transcript) {
        match step {
            Step::Open { who: name, .. } => who = name,
            Step::Send { text, .. } => bytes.extend(masked_text(&text)),
            other => rest.push(other),
        }
    }
    let fail = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(public).await.map_err(fail)?;
    stream.write_all(&bytes).await.map_err(fail)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.map_err(fail)?);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(String::from_utf8_lossy(&head).into_owned());
    }
    let client = Box::new(Client::from_opened(stream, Vec::new()).await);
    rest.insert(0, Step::Opened { who, client });
    Ok(rest)
}

/// Returns a short text message in a frame; the mask of zeros leaves it readable.
fn masked_text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("the recorded messages are short");
    let mut frame =
        if length < 126 { vec![0x81, 0x80 | length] } else { vec![0x81, 0x80 | 126, 0, length] };
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

fn pairs(headers: &Value) -> Vec<(String, String)> {
    let headers = headers.as_array().map_or(&[][..], Vec::as_slice);
    headers.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
