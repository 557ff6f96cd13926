//! How many connections there may be, and what their requests may be like.

use super::{Campanile, Client, PATIENCE, comes_to, metric, open, start};
use crate::support::http;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_is_refused_and_counted_until_another_ends() {
    let (campanile, _backend) = start(&[("limits.connections_max", "1")]).await;
    let mut only = open(&campanile, &[]).await;
    for _ in 0..3 {
        assert_eq!(Client::open(campanile.public, "/ws/", &[]).await.err(), Some(503));
    }
    let refused = r#"campanile_refusals_total{reason="connections_max"}"#;
    assert_eq!(metric(&campanile, refused).await, 3);
    assert!(only.close().await);
    comes_to(&campanile, "campanile_places_taken", 0).await;
    open(&campanile, &[]).await;
}

/// Asks on a connection that stays open; none if there is no place for it.
async fn knock(campanile: &Campanile) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(campanile.internal).await.expect("it listens");
    let asked = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    asked.expect("it is read");
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let bytes = stream.read_buf(&mut answer).await.expect("everybody is answered");
        assert!(bytes > 0, "everybody is answered");
    }
    if answer.starts_with(b"HTTP/1.1 503 ") { None } else { Some(stream) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_internal_listener_refuses_a_connection_too_many_until_another_ends() {
    let settings = [("internal.connections_max", "8"), ("limits.handshake_timeout_s", "3600")];
    let (campanile, _backend) = start(&settings).await;
    let mut inside = Vec::new();
    while let Some(stream) = knock(&campanile).await {
        inside.push(stream);
        assert!(inside.len() <= 8, "there are more places than there may be");
    }
    let mut refused = 1;
    drop(inside);
    let began = Instant::now();
    let stream = loop {
        match knock(&campanile).await {
            Some(stream) => break stream,
            None => refused += 1,
        }
        assert!(began.elapsed() < PATIENCE, "nobody is let in again");
    };
    drop(stream);
    let name = r#"campanile_refusals_total{reason="internal_connections_max"}"#;
    assert_eq!(metric(&campanile, name).await, refused);
    let told = "all 8 places of [internal] connections_max are taken";
    assert!(campanile.log().contains(told), "{}", campanile.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_are_refused_and_do_not_go_only_some_are_waited_for() {
    let (campanile, _backend) = start(&[("limits.connections_max", "1")]).await;
    let inside = TcpStream::connect(campanile.public).await.expect("it listens");
    comes_to(&campanile, "campanile_places_taken", 1).await;
    let (began, mut loiterers) = (Instant::now(), Vec::new());
    while metric(&campanile, "campanile_refusals_unread_total").await == 0 {
        assert!(began.elapsed() < PATIENCE, "they are all waited for");
        for _ in 0..80 {
            loiterers.push(TcpStream::connect(campanile.public).await.expect("it listens"));
        }
        loiterers.drain(..loiterers.len().saturating_sub(400));
    }
    drop((inside, loiterers));
    comes_to(&campanile, "campanile_places_taken", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_or_has_too_many_headers_is_refused() {
    let (campanile, _backend) =
        start(&[("limits.header_bytes_max", "8192"), ("limits.headers_max", "16")]).await;
    let (fits, long) = ("x".repeat(7_000), "x".repeat(8_192));
    let ask = async |headers: &[(&str, &str)]| {
        let answer = http::request(campanile.public, "GET /livez", headers, b"").await;
        answer.expect("everybody is answered").status
    };
    assert_eq!(ask(&[("X-Long", &fits)]).await, 200);
    assert_eq!(ask(&[("X-Long", &long)]).await, 431);
    assert_eq!(ask(&[("X-Some", "1"); 13]).await, 200);
    assert_eq!(ask(&[("X-Many", "1"); 14]).await, 431);
    comes_to(&campanile, r#"campanile_refusals_total{reason="head"}"#, 2).await;
}
