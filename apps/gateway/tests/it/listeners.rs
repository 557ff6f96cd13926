//! The listeners: who is refused, what is served beside WebSockets, and the end.

use crate::support::backend::Backend;
use crate::support::campanile::{Campanile, Start};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use crate::support::together::{self, is_greeted, open};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;

async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    together::start(ROOMS, prepare).await
}

/// Opens, and reads the greeting.
async fn open_greeted(campanile: &Campanile) -> Client {
    let mut client = open(campanile, &[]).await.expect("there is a place");
    is_greeted(&mut client).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_beyond_the_limit_is_refused_until_another_ends() {
    let (campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_CONNECTIONS_MAX", "2")).await;
    let (mut first, _second) = (open_greeted(&campanile).await, open_greeted(&campanile).await);
    assert_eq!(open(&campanile, &[]).await.err(), Some(503));
    assert!(first.close().await);
    let _again = eventually(async || open(&campanile, &[]).await.ok()).await;
    // Loops publish their counters at the end of a turn.
    eventually(async || {
        let metrics = http::get(campanile.internal, "/metrics").await.ok()?;
        metrics.body.contains("campanile_connections 2\n").then_some(())
    })
    .await;
}

/// Tries until there is something.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(something) = attempt().await {
            return something;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen in 500 attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_allowed_origins_connect_when_there_is_a_list() {
    let (campanile, _backend) = start(|start| {
        start.env("CAMPANILE_PUBLIC_ALLOWED_ORIGINS", "https://app.example, http://b.example")
    })
    .await;
    assert!(open(&campanile, &[("Origin", "https://app.example")]).await.is_ok());
    assert!(open(&campanile, &[]).await.is_ok());
    assert_eq!(open(&campanile, &[("Origin", "https://evil.example")]).await.err(), Some(403));
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_need_the_key_the_method_and_a_body_that_is_not_too_long() {
    let (campanile, _backend) = start(|start| {
        start.env("CAMPANILE_INTERNAL_KEY", "open-sesame").env("CAMPANILE_TRIGGER_BYTES_MAX", "100")
    })
    .await;
    let body = br#"{"rooms": [], "data": 1}"#;
    let mut statuses = Vec::new();
    for (path, headers, body) in [
        ("POST /trigger/", &[("Authorization", "Bearer open-sesame")][..], &body[..]),
        ("POST //trigger/", &[("X-Api-Key", "open-sesame")], body),
        ("POST /trigger", &[("Authorization", "Bearer open-sesam")], body),
        ("POST /trigger/", &[], body),
        ("GET /trigger/", &[], b""),
        ("POST /trigger/", &[("X-Api-Key", "open-sesame")], &[b' '; 101]),
        ("GET /metrics", &[], b""),
        ("GET /readyz", &[], b""),
        ("GET /nowhere", &[], b""),
    ] {
        let answer = http::request(campanile.internal, path, headers, body).await;
        statuses.push(answer.expect("every request is answered").status);
    }
    assert_eq!(statuses, [200, 200, 401, 401, 405, 413, 401, 200, 404]);
}

#[tokio::test]
async fn a_web_page_cannot_trigger_where_no_key_is_asked_for() {
    let (campanile, _backend) = start(|start| start).await;
    let body = br#"{"rooms": [], "data": 1}"#;
    let page = [("Origin", "https://evil.example"), ("Content-Type", "text/plain")];
    let answer = http::request(campanile.internal, "POST /trigger/", &page, body).await;
    assert_eq!(answer.expect("every request is answered").status, 403);
    let own_page = [("Host", "127.0.0.1:8002"), ("Origin", "http://127.0.0.1:8002")];
    let answer = http::request(campanile.internal, "POST /trigger/", &own_page, body).await;
    assert_eq!(answer.expect("every request is answered").status, 200);
}

#[tokio::test]
async fn a_web_page_whose_name_is_led_to_loopback_reads_nothing_where_no_key_is_asked_for() {
    let body = br#"{"rooms": [], "data": 1}"#;
    let rebound = [("Host", "evil.example:8002"), ("Origin", "http://evil.example:8002")];
    let with_key = [rebound[0], rebound[1], ("X-Api-Key", "open-sesame")];
    let paths = ["POST /trigger/", "GET /metrics", "GET /admin/", "GET /nowhere", "GET /readyz"];
    let (open, _backend) = start(|start| start).await;
    let (keyed, _backend) = start(|start| start.env("CAMPANILE_INTERNAL_KEY", "open-sesame")).await;
    let mut statuses = Vec::new();
    for path in paths {
        let refused = http::request(open.internal, path, &rebound, body).await;
        let permitted = http::request(keyed.internal, path, &with_key, body).await;
        statuses.push([refused, permitted].map(|answer| answer.expect("an answer").status));
    }
    assert_eq!(statuses, [[403, 200], [403, 200], [403, 200], [403, 404], [200, 200]]);
    let metrics = http::get(open.internal, "/metrics").await.expect("by its address");
    assert!(metrics.body.contains("campanile_refusals_total{reason=\"host\"} 4\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_served_and_not_sent_twice() {
    let (campanile, _backend) = start(|start| start).await;
    let first = http::get(campanile.public, "/client.js").await.expect("the client is served");
    assert_eq!(first.status, 200);
    assert!(first.body.contains("export class Campanile"));
    let tag = first.head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let again =
        http::request(campanile.public, "GET /client.js", &[("If-None-Match", tag)], b"").await;
    let again = again.expect("every request is answered");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let nothing = http::get(campanile.public, "/").await.expect("every request is answered");
    assert_eq!(nothing.status, 404);
    assert!(nothing.body.contains("/ws/"), "{}", nothing.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_or_too_slow_is_hung_up_on_and_counted() {
    let (campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "4")).await;
    let long = "x".repeat(20_000);
    let answer = http::request(campanile.public, "GET /livez", &[("X-Long", &long)], b"").await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 431));
    let mut slow = TcpStream::connect(campanile.public).await.expect("it listens");
    slow.write_all(b"GET /ws/ HTTP/1.1\r\nHost: x\r\n").await.expect("it is open");
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(60), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the slow connection is still there");
    let mut nonsense = TcpStream::connect(campanile.public).await.expect("it listens");
    nonsense.write_all(b"what is this\r\n\r\n").await.expect("it is open");
    nonsense.read_to_end(&mut answer).await.expect("it is answered");
    // Whoever asked already may be silent: that one is not counted.
    let mut idle = TcpStream::connect(campanile.public).await.expect("it listens");
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it is open");
    idle.read_to_end(&mut answer).await.expect("it is answered, and hung up on later");
    eventually(async || {
        let metrics = http::get(campanile.internal, "/metrics").await.ok()?.body;
        ["head", "slow", "bad_request"]
            .iter()
            .all(|reason| {
                metrics.contains(&format!("campanile_refusals_total{{reason=\"{reason}\"}} 1\n"))
            })
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_closes_every_connection_for_a_restart() {
    let (mut campanile, _backend) = start(|start| start).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(open_greeted(&campanile).await);
    }
    campanile.terminate();
    for client in &mut clients {
        assert_eq!(client.next().await, Some(Incoming::Closed(1012)));
    }
    drop(clients);
    assert!(campanile.ended().await.success(), "{}", campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_connections_are_refused_by_an_answer_and_the_server_goes_on() {
    let (campanile, _backend) = start(|start| start).await;
    let before = campanile.descriptors_max(campanile.descriptors() + 3);
    let mut kept = Vec::new();
    for _ in 0..8 {
        kept.push(TcpStream::connect(campanile.public).await.expect("the queue takes it"));
    }
    let mut answer = Vec::new();
    let last = kept.last_mut().expect("there are eight");
    let read = tokio::time::timeout(Duration::from_secs(60), last.read_to_end(&mut answer)).await;
    read.expect("it is answered").expect("it is not reset");
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{}", answer.escape_ascii());
    campanile.descriptors_max(before);
    let alive = http::get(campanile.public, "/livez").await.expect("it goes on");
    assert_eq!(alive.status, 200);
    let warnings = campanile.log().matches("ulimit -n").count();
    assert_eq!(warnings, 1, "{}", campanile.log());
}
