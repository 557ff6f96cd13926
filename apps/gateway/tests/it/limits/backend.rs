//! What the backend may take, and how often it is asked.

use super::{
    Answer, Backend, Campanile, Client, Incoming, ROOMS, Start, comes_to, metric, open, plays, set,
    start,
};
use crate::support::campanile::{backend_address, own_address};
use crate::support::http;
use tokio::net::TcpListener;

fn bootstraps(outcome: &str) -> String {
    format!("campanile_bootstraps_total{{outcome=\"{outcome}\"}}")
}

fn revalidations(outcome: &str) -> String {
    format!("campanile_revalidations_total{{outcome=\"{outcome}\"}}")
}

/// Opens a WebSocket only to be told that it is not let in.
async fn is_refused(campanile: &Campanile) {
    let client = Client::open(campanile.public, "/ws/", &[]).await;
    let mut client = client.expect("it gets a WebSocket");
    let refusal = Incoming::Text(r#"{"is_authorized": false}"#.to_owned());
    assert_eq!(client.next().await, Some(refusal));
    assert_eq!(client.next().await, Some(Incoming::Closed(1000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_cannot_be_connected_to_in_time_lets_nobody_in() {
    let own = own_address();
    // The kernel accepts the connection, and nobody answers the TLS handshake on it.
    let address = backend_address(own);
    let _silent = TcpListener::bind(address).await.expect("the address is this test's own");
    let url = format!("https://{address}/api/");
    // The whole request might take an hour.
    let settings = [
        ("backend.url", &url[..]),
        ("backend.connect_timeout_s", "1"),
        ("backend.timeout_s", "3600"),
    ];
    let campanile = set(Start::new(own), &settings).ready().await;
    is_refused(&campanile).await;
    assert_eq!(metric(&campanile, &bootstraps("unreachable")).await, 1);
    assert!(campanile.log().contains("connecting took too long"), "{}", campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_does_not_answer_in_time_lets_nobody_in() {
    let (campanile, backend) = start(&[("backend.timeout_s", "1")]).await;
    backend.hold("/api/bootstrap/");
    is_refused(&campanile).await;
    assert_eq!(metric(&campanile, &bootstraps("timed_out")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_backend_that_is_too_long_lets_nobody_in() {
    let (fits, long) = ("x".repeat(900), "x".repeat(1_000));
    plays(&format!(
        r#"
        with CAMPANILE_BACKEND_RESPONSE_BYTES_MAX=1024
        backend {{"allowed_rooms": [{{"zoo": "{fits}"}}]}}
        ada opens
        ada < {{"is_authorized": true, "allowed_rooms": [{{"zoo": "{fits}"}}]}}
        backend {{"allowed_rooms": [{{"zoo": "{long}"}}]}}
        bob opens
        bob < {{"is_authorized": false}}
        bob closed 1000
        metric campanile_bootstraps_total{{outcome="too_long"}} 1
        "#
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_wait_for_their_turn_to_be_asked_for_and_too_many_are_refused() {
    let (campanile, backend) =
        start(&[("backend.bootstraps_max", "1"), ("backend.bootstraps_waiting_max", "1")]).await;
    backend.hold("/api/bootstrap/");
    let opening = |campanile: &Campanile| {
        let public = campanile.public;
        tokio::spawn(async move { Client::open(public, "/ws/", &[]).await.map(drop) })
    };
    let asked = opening(&campanile);
    comes_to(&campanile, "campanile_bootstraps_in_flight", 1).await;
    let waiting = opening(&campanile);
    comes_to(&campanile, "campanile_bootstraps_waiting", 1).await;
    assert_eq!(opening(&campanile).await.expect("it is answered"), Err(503));
    assert_eq!(metric(&campanile, &bootstraps("busy")).await, 1);
    let refused = r#"campanile_refusals_total{reason="busy"}"#;
    assert_eq!(metric(&campanile, refused).await, 1);
    assert_eq!(backend.take_seen(1).await.len(), 1, "one at a time");
    backend.release();
    for opening in [asked, waiting] {
        assert_eq!(opening.await.expect("it is answered"), Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_connections_than_the_limit_are_asked_for_again_at_once_and_all_in_the_end() {
    let (campanile, backend) = start(&[("backend.revalidations_max", "2")]).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(open(&campanile, &[]).await);
    }
    backend.take_seen(5).await;
    backend.hold("/api/bootstrap/");
    let wish = http::post(campanile.internal, "/api/v1/revalidate", &[], b"").await;
    assert_eq!(wish.expect("wishes are answered").status, 200);
    comes_to(&campanile, "campanile_revalidations_in_flight", 2).await;
    comes_to(&campanile, "campanile_revalidations_waiting", 3).await;
    assert_eq!(backend.take_seen(2).await.len(), 2);
    backend.release();
    comes_to(&campanile, &revalidations("unchanged"), 5).await;
    assert_eq!(backend.take_seen(3).await.len(), 3);
    for client in &mut clients {
        assert_eq!(client.settle().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_cannot_be_renewed_in_time_end_the_connection() {
    let (campanile, backend): (Campanile, Backend) = start(&[("backend.stale_s", "1")]).await;
    let mut client = open(&campanile, &[]).await;
    backend.answer(|_| Answer::json(503, ROOMS));
    let wish = http::post(campanile.internal, "/api/v1/revalidate", &[], b"").await;
    assert_eq!(wish.expect("wishes are answered").status, 200);
    assert_eq!(client.next().await, Some(Incoming::Closed(1013)));
    comes_to(&campanile, &revalidations("expired"), 1).await;
}
