//! The backend is asked again what connections may hear: by wish, by time, and while it is in trouble.

mod crowd;
mod times;
mod troubles;
mod users;

use crate::hardship::{comes_to, metric};
use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;

/// Starts a gateway whose backend answers everybody so.
async fn start(answer: Answer, prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), move |_| answer.clone()).await;
    (prepare(Start::new(own)).ready().await, backend)
}

/// An answer that allows these rooms, a word each, to this user; "" is nobody.
fn allowed(user: &str, rooms: &str) -> Answer {
    let rooms: Vec<_> =
        rooms.split_whitespace().map(|room| format!(r#"{{"room":"{room}"}}"#)).collect();
    let user = if user.is_empty() { String::new() } else { format!(r#", "user": "{user}""#) };
    Answer::json(200, format!(r#"{{"allowed_rooms": [{}]{user}}}"#, rooms.join(",")))
}

/// Opens a connection that speaks `campanile.v1`; returns it with its greeting.
async fn open(campanile: &Campanile, path: &str) -> (Client, String) {
    let protocol = [("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned())];
    let client = Client::open(campanile.public, path, &protocol).await;
    let mut client = client.expect("it gets a WebSocket");
    let greeting = text(&mut client).await;
    (client, greeting)
}

/// Subscribes to a room, under the room's own name.
async fn subscribe(client: &mut Client, room: &str) -> String {
    let request =
        format!(r#"{{"type":"subscribe","room":{{"room":"{room}"}},"requestId":"{room}"}}"#);
    client.send(&request).await;
    text(client).await
}

/// Opens a connection with a subscription to each of these rooms.
async fn listen(campanile: &Campanile, path: &str, rooms: &str) -> Client {
    let (mut client, _) = open(campanile, path).await;
    for room in rooms.split_whitespace() {
        let reply = subscribe(&mut client, room).await;
        assert_eq!(reply, format!(r#"{{"requestId": "{room}", "code": "success"}}"#));
    }
    client
}

async fn text(client: &mut Client) -> String {
    match client.next().await {
        Some(Incoming::Text(text)) => text,
        other => panic!("{other:?} is no text"),
    }
}

/// Expects these messages and no others.
async fn hears(client: &mut Client, expected: &[&str]) {
    for expected in expected {
        assert_eq!(text(client).await, **expected);
    }
    assert_eq!(client.settle().await, []);
}

/// Triggers in some rooms.
async fn trigger(campanile: &Campanile, rooms: &str, data: u64) {
    let rooms: Vec<_> =
        rooms.split_whitespace().map(|room| format!(r#"{{"room":"{room}"}}"#)).collect();
    let body = format!(r#"{{"rooms":[{}],"data":{data}}}"#, rooms.join(","));
    let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
    assert_eq!(answer.expect("triggers are answered").status, 200);
}

fn delivery(room: &str, data: u64) -> String {
    format!(r#"{{"type":"publish","data":{data},"requestId":"{room}"}}"#)
}

/// Wishes something of the API, and returns what it says.
async fn wish(campanile: &Campanile, path: &str) -> String {
    let answer = http::post(campanile.internal, &format!("/api/v1/{path}"), &[], b"").await;
    let answer = answer.expect("wishes are answered");
    format!("{} {}", answer.status, answer.body)
}

fn outcome(outcome: &str) -> String {
    format!("campanile_revalidations_total{{outcome=\"{outcome}\"}}")
}

const REFUSAL: &str = r#"{"is_authorized": false}"#;
