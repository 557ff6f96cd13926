//! Limits of time on clients and ids.

use super::{PATIENCE, comes_to, metric, start};
use crate::support::campanile::Campanile;
use crate::support::http;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const OPENING: &[u8] = b"GET /ws/ HTTP/1.1\r\nHost: campanile\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// Opens a WebSocket, says no more than `then`, and returns what came until it was hung up on.
async fn everything_for_a_dumb_client(campanile: &Campanile, then: &[u8]) -> Vec<u8> {
    let mut client = TcpStream::connect(campanile.public).await.expect("the gateway listens");
    client.write_all(OPENING).await.expect("the gateway reads");
    client.write_all(then).await.expect("the gateway reads");
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, client.read_to_end(&mut all)).await;
    read.expect("it is hung up on").expect("it is not reset");
    assert!(all.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&all));
    all
}

/// Returns whether a close frame with this code is in it.
fn has_close(all: &[u8], code: u16) -> bool {
    let is_close = |frame: &[u8]| frame[0] == 0x88 && frame[2..] == code.to_be_bytes();
    all.windows(4).any(is_close)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_message_and_does_not_answer_the_close_is_hung_up_on() {
    let settings = [("limits.inactivity_s", "1"), ("limits.close_within_s", "1")];
    let (campanile, _backend) = start(&settings).await;
    let all = everything_for_a_dumb_client(&campanile, b"").await;
    assert!(has_close(&all, 1000), "it was told so");
    comes_to(&campanile, "campanile_inactive_closed_total", 1).await;
    comes_to(&campanile, "campanile_closes_unanswered_total", 1).await;
    comes_to(&campanile, "campanile_ended_unclean_total", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_does_not_come_to_its_end_closes_the_connection() {
    let (campanile, _backend) =
        start(&[("limits.message_within_s", "1"), ("limits.close_within_s", "1")]).await;
    // The first half of a message in two fragments, masked with zeros.
    let all = everything_for_a_dumb_client(&campanile, b"\x01\x81\0\0\0\0{").await;
    assert!(has_close(&all, 1008), "it was told so");
    comes_to(&campanile, "campanile_messages_unfinished_total", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_a_ping_is_gone() {
    let (campanile, _backend) = start(&[
        ("limits.inactivity_s", "0"),
        ("limits.ping_every_s", "1"),
        ("limits.pong_within_s", "1"),
        ("limits.close_within_s", "3600"),
    ])
    .await;
    let all = everything_for_a_dumb_client(&campanile, b"").await;
    assert!(all.windows(2).any(|frame| frame[0] == 0x89), "it was pinged");
    comes_to(&campanile, "campanile_pongs_missed_total", 1).await;
    assert_eq!(metric(&campanile, "campanile_closes_unanswered_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triggers_id_is_forgotten_after_its_time_and_not_before() {
    let (campanile, _backend) = start(&[("trigger.remember_ids_s", "3600")]).await;
    let trigger = async |campanile: &Campanile| {
        let body = br#"{"rooms":[{"room":"a"}],"data":1,"id":"once"}"#;
        let headers = [("accept", "application/json")];
        let answer = http::post(campanile.internal, "/trigger/", &headers, body).await;
        answer.expect("triggers are answered").body
    };
    assert_eq!(trigger(&campanile).await, r#"{"subscriptions": 0}"#);
    assert_eq!(trigger(&campanile).await, r#"{"subscriptions": 0, "duplicate": true}"#);
    assert_eq!(metric(&campanile, "campanile_trigger_duplicates_total").await, 1);
    let (forgetful, _backend) = start(&[("trigger.remember_ids_s", "1")]).await;
    assert_eq!(trigger(&forgetful).await, r#"{"subscriptions": 0}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(trigger(&forgetful).await, r#"{"subscriptions": 0}"#);
}
