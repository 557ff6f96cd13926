//! Clients that are killed in the middle of something.

use super::raw::{OPENING, Raw, frame};
use super::{ROOMS, Witness, comes_to, start};
use crate::support::backend::Answer;
use rustix::net::sockopt::set_socket_linger;
use std::time::Duration;

const SUBSCRIBE: &[u8] = br#"{"type":"subscribe","room":{"room":"r"},"requestId":"a"}"#;
/// Clients for each way to vanish.
const EACH: usize = 5;

/// Vanishes: with what was not read the kernel resets the connection, and else only if asked to.
fn vanish(raw: Raw, is_reset: bool) {
    if is_reset {
        set_socket_linger(&raw.stream, Some(Duration::ZERO)).expect("it is a socket");
    }
    drop(raw);
}

/// Opens, subscribes, and leaves bytes behind.
async fn subscribed(address: std::net::SocketAddr, rest: &[u8]) -> Raw {
    let mut raw = Raw::open(address).await;
    raw.send(&frame(0x81, SUBSCRIBE)).await;
    let (_, answer) = raw.frame().await.expect("it is answered");
    assert_eq!(answer, br#"{"code": "success"}"#);
    raw.send(rest).await;
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_clients_that_vanish_in_the_middle_of_a_message() {
    let (campanile, _backend) = start(|start| start).await;
    let mut witness = Witness::subscribe(&campanile).await;
    let whole = frame(0x81, &[b' '; 70_000]);
    let fragment = frame(0x01, b"half a message");
    let leftovers: [&[u8]; 8] = [
        b"",
        b"\x81",
        b"\x81\xff\0\0",
        b"\x81\xfe\x10\0ma",
        &whole[..30_000],
        &fragment,
        b"\x88",
        b"\x89\x85\0\0\0\0pi",
    ];
    for is_reset in [false, true] {
        let mut clients = Vec::new();
        for leftover in leftovers {
            for _ in 0..EACH {
                clients.push(subscribed(campanile.public, leftover).await);
            }
        }
        comes_to(&campanile, "campanile_connections", clients.len() as u64 + 1).await;
        comes_to(&campanile, "campanile_subscriptions", clients.len() as u64 + 1).await;
        clients.into_iter().for_each(|client| vanish(client, is_reset));
        for name in
            ["connections", "subscriptions", "rooms", "places_taken", "connections_authorized"]
        {
            comes_to(&campanile, &format!("campanile_{name}"), 1).await;
        }
        witness.is_unharmed(&campanile).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_clients_that_vanish_before_they_are_let_in() {
    let (campanile, backend) = start(|start| start).await;
    let mut witness = Witness::subscribe(&campanile).await;
    backend.take_seen(1).await;
    for is_reset in [false, true] {
        backend.answer(|_| Answer { delay: Duration::from_secs(1), ..Answer::json(200, ROOMS) });
        let mut clients = Vec::new();
        for part in [0, 1, OPENING.len() / 2, OPENING.len() - 1, OPENING.len()] {
            for _ in 0..EACH {
                let mut raw = Raw::connect(campanile.public).await;
                raw.send(&OPENING.as_bytes()[..part]).await;
                clients.push(raw);
            }
        }
        // Those whose request was whole vanish while the backend thinks about them.
        assert_eq!(backend.take_seen(EACH).await.len(), EACH);
        clients.into_iter().for_each(|client| vanish(client, is_reset));
        for name in ["places_taken", "connections", "bootstraps_in_flight"] {
            let left = u64::from(name != "bootstraps_in_flight");
            comes_to(&campanile, &format!("campanile_{name}"), left).await;
        }
        witness.is_unharmed(&campanile).await;
    }
}
