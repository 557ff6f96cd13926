//! Redis pub/sub.

use crate::faults::Missed;
use crate::node::{Node, PATIENCE, settings};
use crate::slow::Slow;
use crate::{contract, faults, slow};
use campanile_broker::testing::Server;
use campanile_broker::{PublishError, To};
use std::time::Instant;

#[tokio::test]
async fn redis_keeps_its_promise() {
    let Some(server) = Server::redis() else { return };
    contract::check(&server.url(), |_| {}).await;
    slow::check(&server.url(), Slow::Lost, |_| {}).await;
    what_a_backend_publishes_itself_is_heard_and_what_cannot_be_read_is_skipped(&server).await;
    what_a_node_publishes_to_several_rooms_that_it_hears_itself_is_confirmed_and_heard(&server)
        .await;
}

#[tokio::test]
async fn redis_in_trouble_keeps_its_promise() {
    let Some(mut server) = Server::redis() else { return };
    faults::many_rooms(&server).await;
    faults::check(&mut server, Missed::Lost, |_| {}).await;
}

async fn what_a_backend_publishes_itself_is_heard_and_what_cannot_be_read_is_skipped(
    server: &Server,
) {
    let settings = settings(server.url(), "backend", |settings| settings.message_bytes_max = 1000);
    let mut node = Node::start(&settings).await;
    node.listen(r#"{"a":1}"#).await;
    let client = redis::Client::open(server.url_text(server.port())).expect("it is a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it is there");
    let long = "x".repeat(1001);
    for (channel, body) in [
        ("backend:everybody", &br#"{"rooms": [{"a": 1}], "data": 1}"#[..]),
        ("backend:everybody", &[0xff, 0xfe]),
        ("backend:everybody", long.as_bytes()),
        // The SHA-1 of {"a":1}.
        ("backend:room:9f89c740ceb46d7418c924a78ac57941d5e96520", br#"{"rooms": [{"a": 1}]}"#),
    ] {
        let mut publish = redis::cmd("PUBLISH");
        let said = publish.arg(channel).arg(body).query_async::<i64>(&mut connection).await;
        assert_eq!(said.expect("it is published"), 1);
    }
    assert_eq!(node.hears().await, r#"{"rooms": [{"a": 1}], "data": 1}"#);
    assert_eq!(node.hears().await, r#"{"rooms": [{"a": 1}]}"#);
    let counters = node.broker.counters();
    assert_eq!((counters.not_text, counters.too_long), (1, 1));
}

/// While it runs a script, it answers everything by a word that its client does not know.
#[tokio::test]
async fn what_a_redis_that_is_busy_refuses_was_certainly_not_published() {
    const TRIES: u32 = 20;
    let mut tries = 0;
    while let Some(server) = Server::redis() {
        if is_refused_while_busy(&server).await {
            return;
        }
        tries += 1;
        assert!(tries < TRIES, "the node's own probe was refused first, each time");
    }
}

/// Says whether it was the publications that were refused: now and then the node's own probe is, and
/// then its connection counts as lost.
async fn is_refused_while_busy(server: &Server) -> bool {
    let long = |settings: &mut campanile_broker::Settings| settings.silence = PATIENCE * 3;
    let mut node = Node::start(&settings(server.url(), "busy", long)).await;
    let client = redis::Client::open(server.url_text(server.port())).expect("it is a URL");
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let connect = || client.get_multiplexed_async_connection_with_config(&config);
    let (mut busy, mut beside) = tokio::try_join!(connect(), connect()).expect("it is there");
    let mut limit = redis::cmd("CONFIG");
    limit.arg("SET").arg("busy-reply-threshold").arg(1);
    limit.exec_async(&mut beside).await.expect("it can be set");
    let script = tokio::spawn(async move {
        redis::cmd("EVAL").arg("while true do end").arg(0).exec_async(&mut busy).await
    });
    let began = Instant::now();
    while redis::cmd("PING").exec_async(&mut beside).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "it does not run the script");
    }
    for rooms in [&["a"][..], &["a", "b"]] {
        match node.try_to_publish(To::Rooms(rooms), "lost").await {
            Err(PublishError::Refused(why)) => {
                assert!(why.contains("BUSY") || why.contains("EXECABORT"), "{why}");
            }
            Err(PublishError::Unavailable(_)) => return false,
            Err(PublishError::Unconfirmed(why)) if why.contains("connection was lost") => {
                return false;
            }
            other => panic!("not refused: {other:?}"),
        }
    }
    redis::cmd("SCRIPT").arg("KILL").exec_async(&mut beside).await.expect("it can be ended");
    assert!(script.await.expect("it did not panic").is_err());
    node.publish(To::Everybody, "next").await;
    assert_eq!(node.hears().await, "next");
    true
}

/// Redis 7.0 mixes what a subscriber publishes in a transaction into its answer.
async fn what_a_node_publishes_to_several_rooms_that_it_hears_itself_is_confirmed_and_heard(
    server: &Server,
) {
    let mut node = Node::start(&settings(server.url(), "several", |_| {})).await;
    node.listen("a").await;
    node.listen("b").await;
    for round in 0..50 {
        let texts = ["two", "one", "other", "beside"].map(|name| format!("{name} {round}"));
        tokio::join!(
            node.publish(To::Rooms(&["a", "b"]), &texts[0]),
            node.publish(To::Rooms(&["a"]), &texts[1]),
            node.publish(To::Rooms(&["nobody", "b"]), &texts[2]),
            node.publish(To::Rooms(&["b", "nobody"]), &texts[3]),
        );
    }
    node.publish(To::Everybody, "end").await;
    assert_eq!(node.hears_until("end").await.len(), 200);
}
