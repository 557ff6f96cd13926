//! The end: everybody is told, at another moment, and nothing that was accepted is lost.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use rustix::process::Signal;
use std::time::{Duration, Instant};

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;
/// How long anything may take that is bound to come.
const PATIENCE: Duration = Duration::from_secs(60);
const SUBSCRIBE: &str = r#"{"type":"subscribe","room":{"room":"lobby"},"requestId":1}"#;

async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    (prepare(Start::new(own)).ready().await, backend)
}

async fn subscribe(campanile: &Campanile, protocol: Option<&str>) -> Client {
    let protocol = protocol.map(|name| ("Sec-WebSocket-Protocol".to_owned(), name.to_owned()));
    let headers: Vec<_> = protocol.into_iter().collect();
    let mut client = Client::open(campanile.public, "/ws/", &headers).await.expect("a place");
    client.next().await.expect("a greeting");
    client.send(SUBSCRIBE).await;
    client.next().await.expect("an answer");
    client
}

async fn trigger(campanile: &Campanile, data: usize) -> std::io::Result<u16> {
    let body = format!(r#"{{"rooms":[{{"room":"lobby"}}],"data":{data}}}"#);
    let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await?;
    Ok(answer.status)
}

async fn readiness(campanile: &Campanile) -> u16 {
    http::get(campanile.internal, "/readyz").await.expect("it is answered").status
}

/// What a client got until it was closed.
struct Heard {
    /// All but the word before the close.
    texts: Vec<String>,
    reconnect_after_ms: u64,
    end: Incoming,
}

/// Listens until the end, of which there must be a word before.
async fn heard(mut client: Client) -> Heard {
    let mut texts = Vec::new();
    let end = loop {
        match client.next().await.expect("it is closed in the end") {
            Incoming::Text(text) => texts.push(text),
            end => break end,
        }
    };
    let place = texts.iter().position(|text| text.contains("restart"));
    let restart = texts.remove(place.expect("a word before the close"));
    let wait = restart.strip_prefix(r#"{"type": "restart", "reconnect_after_ms": "#);
    let wait = wait.and_then(|wait| wait.strip_suffix('}')?.parse().ok());
    let reconnect_after_ms = wait.unwrap_or_else(|| panic!("{restart} is something else"));
    Heard { texts, reconnect_after_ms, end }
}

/// How the closes lie in time is shown where time is not the machine's: in `serve/drain/tests.rs` and by
/// the shares in `service/tests.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn clients_are_closed_one_after_the_other_and_hear_every_trigger_until_then() {
    let (mut campanile, _backend) = start(|start| {
        start
            .env("CAMPANILE_LOOPS_COUNT", "2")
            .env("CAMPANILE_LIMITS_DRAIN_S", "6")
            .env("CAMPANILE_LIMITS_RECONNECT_WITHIN_S", "8")
    })
    .await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(subscribe(&campanile, Some("campanile.v1")).await);
    }
    campanile.terminate();
    let mut listening = tokio::task::JoinSet::new();
    clients.into_iter().for_each(|client| drop(listening.spawn(heard(client))));
    // Triggers are accepted as long as somebody may hear them.
    let mut accepted = 0;
    while let Ok(200) = trigger(&campanile, accepted).await {
        accepted += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (mut waits, mut counts) = (Vec::new(), Vec::new());
    for heard in listening.join_all().await {
        assert_eq!(heard.end, Incoming::Closed(1012));
        // Every trigger from the first on, without a gap.
        for (number, text) in heard.texts.iter().enumerate() {
            assert_eq!(*text, format!(r#"{{"type":"publish","data":{number},"requestId":1}}"#));
        }
        waits.push(heard.reconnect_after_ms);
        counts.push(heard.texts.len());
    }
    // Between the first close and the last lie six seconds, and triggers in them.
    assert!(counts.iter().min() < counts.iter().max(), "they were all closed at once: {counts:?}");
    assert!(counts.iter().all(|count| *count <= accepted), "{counts:?} of {accepted}");
    waits.sort_unstable();
    assert!(waits[199] < 8000);
    for (part, wait) in [(50, 2000), (100, 4000), (150, 6000)] {
        assert!(waits[part].abs_diff(wait) < 500, "they come back unevenly: {waits:?}");
    }
    assert!(campanile.ended().await.success(), "{}", campanile.log());
    assert!(!campanile.log().contains(" ERROR "), "{}", campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_speak_v1_gets_all_that_was_accepted_and_the_close_alone() {
    let (mut campanile, _backend) = start(|start| start).await;
    let mut client = subscribe(&campanile, None).await;
    for number in 0..50 {
        assert_eq!(trigger(&campanile, number).await.expect("it is answered"), 200);
    }
    campanile.terminate();
    for number in 0..50 {
        let delivery = format!(r#"{{"type":"publish","data":{number},"requestId":1}}"#);
        assert_eq!(client.next().await, Some(Incoming::Text(delivery)));
    }
    assert_eq!(client.next().await, Some(Incoming::Closed(1012)));
    drop(client);
    assert!(campanile.ended().await.success(), "{}", campanile.log());
}

/// Waits until `/readyz` is red.
async fn leaves(campanile: &Campanile) {
    let began = Instant::now();
    while readiness(campanile).await != 503 {
        assert!(began.elapsed() < PATIENCE, "it is still ready");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_goes_at_once_and_clients_still_come_until_the_delay_is_over() {
    let (campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_DRAIN_DELAY_S", "3600")).await;
    let mut early = subscribe(&campanile, None).await;
    campanile.terminate();
    leaves(&campanile).await;
    let mut late = subscribe(&campanile, None).await;
    assert_eq!(trigger(&campanile, 0).await.expect("it is answered"), 200);
    for client in [&mut early, &mut late] {
        let delivery = r#"{"type":"publish","data":0,"requestId":1}"#.to_owned();
        assert_eq!(client.next().await, Some(Incoming::Text(delivery)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_closed_when_the_delay_is_over_and_not_before() {
    let (mut campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_DRAIN_DELAY_S", "2")).await;
    let mut client = subscribe(&campanile, None).await;
    let began = Instant::now();
    campanile.terminate();
    assert_eq!(client.next().await, Some(Incoming::Closed(1012)));
    assert!(began.elapsed() >= Duration::from_secs(2), "it was closed before the delay was over");
    drop(client);
    assert!(campanile.ended().await.success(), "{}", campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let (mut campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_DRAIN_DELAY_S", "3600")).await;
    campanile.terminate();
    leaves(&campanile).await;
    campanile.signal(Signal::INT);
    assert_eq!(campanile.ended().await.code(), Some(1));
}
