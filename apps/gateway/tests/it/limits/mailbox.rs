//! More triggers than the loops can take: back-pressure to those who send them.

use super::{Answer, Campanile, Client, Incoming, PATIENCE, metric, open, start};
use crate::support::http;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use tokio::task::JoinSet;

/// Rooms with which each pattern of a trigger is compared: so much that a loop is behind at once.
const ROOMS: usize = 2_000;
const PATTERNS: usize = 20;
/// Who triggers at the same time.
const SENDERS: usize = 16;

/// Subscribes to many rooms that no trigger is meant for, and to one that all are.
async fn subscribe(campanile: &Campanile) -> Client {
    let mut client = open(campanile, &[]).await;
    for number in 0..ROOMS {
        let room = format!(r#"{{"room":{number},"part":0}}"#);
        client.send(&format!(r#"{{"type":"subscribe","room":{room},"requestId":0}}"#)).await;
        let reply = client.next().await;
        assert!(matches!(&reply, Some(Incoming::Text(text)) if text.contains("success")));
    }
    client.send(r#"{"type":"subscribe","room":{"room":"all"},"requestId":1}"#).await;
    client.next().await.expect("a reply");
    client
}

/// Returns a trigger that takes a loop long.
fn trigger(data: u64, padding: usize) -> String {
    let patterns: Vec<_> =
        (1..=PATTERNS).map(|part| format!(r#"{{"room":"*","part":{part}}}"#)).collect();
    let (patterns, padding) = (patterns.join(","), "x".repeat(padding));
    format!(
        r#"{{"rooms":[{{"room":"all"}},{patterns}],"data":[{data},"{padding}"],"match":"pattern"}}"#
    )
}

/// Triggers until one was refused; returns the numbers of those that were taken, and how many were
/// refused.
async fn send(
    internal: SocketAddr,
    numbers: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    padding: usize,
) -> BTreeSet<u64> {
    let (began, mut taken) = (Instant::now(), BTreeSet::new());
    while refused.load(Relaxed) == 0 {
        assert!(began.elapsed() < PATIENCE, "the loops are never behind");
        let number = numbers.fetch_add(1, Relaxed);
        let body = trigger(number, padding);
        let answer = http::post(internal, "/trigger/", &[], body.as_bytes()).await;
        let answer = answer.expect("triggers are answered");
        if answer.status == 200 {
            taken.insert(number);
            continue;
        }
        assert_eq!(
            (answer.status, &answer.body[..]),
            (429, "the loops are behind: nobody was told, try again later\n")
        );
        assert!(answer.head.to_ascii_lowercase().contains("retry-after: 1"), "{}", answer.head);
        refused.fetch_add(1, Relaxed);
    }
    taken
}

/// Reads until all these have come, each once; returns them.
async fn heard(mut client: Client, count: usize) -> (Client, BTreeSet<u64>) {
    let mut heard = BTreeSet::new();
    while heard.len() < count {
        let Some(Incoming::Text(text)) = client.next().await else { panic!("deliveries end") };
        let delivery: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let number = delivery["data"][0].as_u64().expect("a number");
        assert!(heard.insert(number), "{number} came twice");
    }
    (client, heard)
}

/// Lets the loops fall behind; who was told so triggered nothing, and all others everything.
async fn check(settings: &[(&str, &str)], padding: usize) {
    let ours = [("loops.count", "1"), ("limits.outbox_bytes_max", "1073741824")];
    let (campanile, backend) = start(&[&ours, settings].concat()).await;
    backend.answer(|_| {
        let rooms = r#"{"allowed_rooms": [{"room": "*"}, {"room": "*", "part": "*"}]}"#;
        Answer::json(200, rooms)
    });
    let client = subscribe(&campanile).await;
    let (numbers, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (numbers, refused) = (Arc::clone(&numbers), Arc::clone(&refused));
        senders.spawn(send(campanile.internal, numbers, refused, padding));
    }
    let taken: BTreeSet<u64> = senders.join_all().await.into_iter().flatten().collect();
    let (mut client, heard) = heard(client, taken.len()).await;
    assert_eq!(heard, taken);
    assert_eq!(client.settle().await, []);
    let outcome = |outcome| format!("campanile_triggers_total{{outcome=\"{outcome}\"}}");
    assert_eq!(metric(&campanile, &outcome("behind")).await, refused.load(Relaxed));
    assert_eq!(metric(&campanile, &outcome("accepted")).await, taken.len() as u64);
    // They are not behind for ever.
    let (began, body) = (Instant::now(), trigger(u64::MAX, 0));
    while http::post(campanile.internal, "/trigger/", &[], body.as_bytes())
        .await
        .is_ok_and(|answer| answer.status == 429)
    {
        assert!(began.elapsed() < PATIENCE, "they are behind for ever");
    }
    assert_eq!(client.next().await.map(|next| matches!(next, Incoming::Text(_))), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_refused_while_too_many_publications_wait_for_a_loop() {
    check(&[("limits.mailbox_publications_max", "1")], 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_refused_while_too_many_bytes_wait_for_a_loop() {
    check(&[("limits.mailbox_bytes_max", "65536")], 40_000).await;
}
