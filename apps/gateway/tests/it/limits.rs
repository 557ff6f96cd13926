//! Each limit of the configuration, met by a running gateway: what follows is what docs/limits.md says,
//! and it is counted. The table in `page.rs` says which test meets which.

mod backend;
mod broker;
mod connections;
mod hooks;
mod mailbox;
mod messages;
mod page;
mod time;
mod triggers;

use crate::hardship::{comes_to, metric};
use crate::protocol::play_text;
use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use std::time::Duration;

/// Far more than any of these limits, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;

/// Starts a gateway with these settings, as `limits.rooms_max`, whose backend lets everybody into every
/// room.
async fn start(settings: &[(&str, &str)]) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    (set(Start::new(own), settings).ready().await, backend)
}

fn set(start: Start, settings: &[(&str, &str)]) -> Start {
    settings.iter().fold(start, |start, (path, value)| {
        let variable = format!("CAMPANILE_{}", path.replace('.', "_").to_ascii_uppercase());
        start.env(&variable, value)
    })
}

/// Plays a conversation in the words of `protocol/README.md`.
async fn plays(text: &str) {
    if let Err(why) = play_text(text).await {
        panic!("{why}");
    }
}

/// Opens a connection that was let in.
async fn open(campanile: &Campanile, headers: &[(String, String)]) -> Client {
    let client = Client::open(campanile.public, "/ws/", headers).await;
    let mut client = client.expect("it gets a WebSocket");
    let greeting = client.next().await;
    assert!(
        matches!(&greeting, Some(Incoming::Text(text)) if text.contains("true")),
        "{greeting:?}"
    );
    client
}

/// Opens a connection with a subscription to a room, of a client that speaks `campanile.v1` or not.
async fn listen(campanile: &Campanile, room: &str, is_v1: bool) -> Client {
    let v1 = ("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned());
    let headers: Vec<_> = is_v1.then_some(v1).into_iter().collect();
    let mut client = open(campanile, &headers).await;
    let room = format!(r#"{{"room":"{room}"}}"#);
    client.send(&format!(r#"{{"type":"subscribe","room":{room},"requestId":1}}"#)).await;
    let reply = client.next().await;
    assert!(matches!(&reply, Some(Incoming::Text(text)) if text.contains("success")), "{reply:?}");
    client
}

fn delivery(data: impl std::fmt::Display) -> Option<Incoming> {
    Some(Incoming::Text(format!(r#"{{"type":"publish","data":{data},"requestId":1}}"#)))
}
