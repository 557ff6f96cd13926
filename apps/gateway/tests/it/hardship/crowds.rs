//! More connections than there are places or descriptors.

use super::raw::{ALIVE, Raw};
use super::{WITHIN, Witness, comes_to, metric, number, start};
use crate::support::campanile::{Campanile, own_address};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Connects, asks, and returns the connection if there was a place for it.
async fn knock(campanile: &Campanile, from: Option<IpAddr>) -> Option<Raw> {
    let mut raw = match from {
        Some(from) => Raw::connect_from(from, campanile.public).await,
        None => Raw::connect(campanile.public).await,
    };
    raw.send(ALIVE.as_bytes()).await;
    let (head, body) = raw.answer().await.expect("everybody is answered");
    if head.starts_with("HTTP/1.1 200 ") {
        return Some(raw);
    }
    assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"), "{head}");
    assert_eq!(body, "too many connections here\n");
    None
}

/// Knocks until there is a place.
async fn knock_until_open(campanile: &Campanile, from: Option<IpAddr>) -> Raw {
    let began = Instant::now();
    loop {
        if let Some(raw) = knock(campanile, from).await {
            return raw;
        }
        assert!(began.elapsed() < WITHIN, "nobody is let in again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_everybody_is_answered_and_who_is_inside_hears_on() {
    // Connections that are kept for later must not be hung up on by a machine that is slow.
    let (campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "3600")).await;
    let mut witness = Witness::subscribe(&campanile).await;
    let mut internal = Raw::connect(campanile.internal).await;
    internal.send(ALIVE.as_bytes()).await;
    internal.answer().await.expect("it is inside before the shortage");
    campanile.descriptors_max(campanile.descriptors() + 5);
    let mut inside = Vec::new();
    while let Some(raw) = knock(&campanile, None).await {
        inside.push(raw);
        assert!(inside.len() < 100, "there are more descriptors than there may be");
    }
    for _ in 0..20 {
        assert!(knock(&campanile, None).await.is_none());
        let body = witness.trigger();
        let head =
            format!("POST /trigger/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}", body.len());
        internal.send(format!("{head}\r\n\r\n{body}").as_bytes()).await;
        let (head, _) = internal.answer().await.expect("triggers are answered");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        witness.hears().await;
    }
    internal.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let (_, page) = internal.answer().await.expect("metrics are served");
    let refused = number(&page, r#"campanile_refusals_total{reason="descriptors"}"#);
    assert!(refused >= 21, "{refused} of 21 were counted");
    assert_eq!(number(&page, "campanile_connections"), 1);
    assert_eq!(campanile.log().matches("ulimit -n").count(), 1, "{}", campanile.log());
    drop(inside);
    let _again = knock_until_open(&campanile, None).await;
    let mut newcomer = Witness::subscribe(&campanile).await;
    witness.is_unharmed(&campanile).await;
    newcomer.heard = witness.heard;
    newcomer.hears().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_open_few_files_has_fewer_places_and_says_so() {
    let (campanile, _backend) = start(|start| {
        start
            .files(400)
            .env("CAMPANILE_LIMITS_CONNECTIONS_MAX", "1000")
            .env("CAMPANILE_BACKEND_BOOTSTRAPS_MAX", "4")
            .env("CAMPANILE_HOOKS_CONCURRENT_MAX", "1")
    })
    .await;
    let warning = "connections_max is more than the 400 files that this process may open allow";
    assert_eq!(campanile.log().matches(warning).count(), 1, "{}", campanile.log());
    let places = metric(&campanile, "campanile_places").await;
    assert!((1..100).contains(&places), "{places} places");
    let mut witness = Witness::subscribe(&campanile).await;
    let mut inside = Vec::new();
    while let Some(raw) = knock(&campanile, None).await {
        inside.push(raw);
    }
    assert_eq!(inside.len() as u64, places - 1);
    assert!(knock(&campanile, None).await.is_none());
    witness.is_unharmed(&campanile).await;
    for (reason, count) in [("connections_max", 2), ("descriptors", 0)] {
        let name = format!("campanile_refusals_total{{reason=\"{reason}\"}}");
        assert_eq!(metric(&campanile, &name).await, count, "{reason}");
    }
    let told = campanile.log().matches(&format!("all {places} places are taken")).count();
    assert_eq!(told, 1, "{}", campanile.log());
    inside.pop();
    let _again = knock_until_open(&campanile, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_files_leave_few_places_says_how_many_and_what_to_raise() {
    let (campanile, _backend) = start(|start| start.files(540)).await;
    let warning = "may open 540 files, and keeps most of them for the backend, hooks and the \
                   internal listener: places for 1 connections. Raise `ulimit -n`.";
    assert_eq!(campanile.log().matches(warning).count(), 1, "{}", campanile.log());
    let mut witness = Witness::subscribe(&campanile).await;
    assert!(knock(&campanile, None).await.is_none());
    witness.is_unharmed(&campanile).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_the_places_of_the_others() {
    let (campanile, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_CONNECTIONS_PER_ADDRESS_MAX", "2")).await;
    let [greedy, other] = [own_address(), own_address()].map(|own| Some(IpAddr::V4(own)));
    let mut witness = Witness::subscribe(&campanile).await;
    let first = knock(&campanile, greedy).await.expect("one of two");
    let _second = knock(&campanile, greedy).await.expect("two of two");
    for _ in 0..3 {
        assert!(knock(&campanile, greedy).await.is_none());
        assert!(knock(&campanile, other).await.is_some());
    }
    let refused = r#"campanile_refusals_total{reason="connections_per_address_max"}"#;
    assert_eq!(metric(&campanile, refused).await, 3);
    drop(first);
    let _again = knock_until_open(&campanile, greedy).await;
    comes_to(&campanile, "campanile_places_taken", 3).await;
    witness.is_unharmed(&campanile).await;
}
