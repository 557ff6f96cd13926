//! NATS.

use crate::faults::Missed;
use crate::node::{Node, settings, why_not};
use crate::slow::Slow;
use crate::{contract, faults, slow};
use campanile_broker::testing::Server;
use campanile_broker::{PublishError, To};
use std::io::{Read, Write};
use std::net::TcpStream;

#[tokio::test]
async fn nats_keeps_its_promise() {
    let Some(server) = Server::nats() else { return };
    contract::check(&server.url(), |_| {}).await;
    slow::check(&server.url(), Slow::Lost, |_| {}).await;
    what_a_backend_publishes_itself_is_heard_and_what_cannot_be_read_is_skipped(&server).await;
    what_the_server_would_not_pass_on_is_refused(&server).await;
}

#[tokio::test]
async fn nats_in_trouble_keeps_its_promise() {
    let Some(mut server) = Server::nats() else { return };
    faults::many_rooms(&server).await;
    faults::check(&mut server, Missed::Lost, |_| {}).await;
}

#[tokio::test]
async fn a_nats_that_asks_for_a_token_gets_the_one_of_the_url() {
    let Some(server) = Server::nats_with_token("s3same") else { return };
    let mut node = Node::start(&settings(server.url(), "token", |_| {})).await;
    node.publish(To::Everybody, "1").await;
    assert_eq!(node.hears().await, "1");
    let wrong = format!("nats://pa%73s@127.0.0.1:{}", server.port());
    let why = why_not(settings(wrong.parse().expect("a URL"), "token", |_| {})).await;
    assert!(why.contains("check user, password or token"), "{why}");
    assert!(!why.contains("pa%73s") && !why.contains("pass@"), "{why}");
}

async fn what_a_backend_publishes_itself_is_heard_and_what_cannot_be_read_is_skipped(
    server: &Server,
) {
    let mut node = Node::start(&settings(server.url(), "backend", |_| {})).await;
    node.listen(r#"{"a":1}"#).await;
    let mut backend = TcpStream::connect(("127.0.0.1", server.port())).expect("it is there");
    let room = "backend.room.9f89c740ceb46d7418c924a78ac57941d5e96520";
    let mut said = b"CONNECT {\"verbose\":false}\r\nPUB backend.everybody 3\r\n1\r\n\r\n".to_vec();
    said.extend_from_slice(b"PUB backend.everybody 2\r\n\xff\xfe\r\n");
    said.extend_from_slice(format!("PUB {room} 1\r\n2\r\nPING\r\n").as_bytes());
    backend.write_all(&said).expect("it is sent");
    assert_eq!(node.hears().await, "1\r\n");
    assert_eq!(node.hears().await, "2");
    assert_eq!(node.broker.counters().not_text, 1);
    assert!(backend.read(&mut [0; 64]).is_ok());
}

async fn what_the_server_would_not_pass_on_is_refused(server: &Server) {
    let mut node = Node::start(&settings(server.url(), "payload", |_| {})).await;
    let refused = node.try_to_publish(To::Everybody, &"x".repeat(2 << 20)).await;
    let Err(PublishError::Refused(why)) = refused else { panic!("not refused: {refused:?}") };
    assert!(why.contains("max_payload is 1048576"), "{why}");
    node.publish(To::Everybody, "next").await;
    assert_eq!(node.hears().await, "next");
}
