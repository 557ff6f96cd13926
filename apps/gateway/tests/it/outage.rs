//! A node whose broker is away when it starts, and when it ends.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use campanile_broker::testing::Server;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_begins_and_ends_while_its_redis_is_away() {
    let Some(server) = Server::redis() else { return };
    every_outage(server, "false").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_begins_and_ends_while_its_stream_of_redis_is_away() {
    let Some(server) = Server::appending_redis() else { return };
    every_outage(server, "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_begins_and_ends_while_its_nats_is_away() {
    let Some(server) = Server::nats() else { return };
    every_outage(server, "false").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_begins_and_ends_while_its_rabbitmq_is_away() {
    let Some(server) = Server::rabbit() else { return };
    every_outage(server, "false").await;
}

async fn every_outage(mut server: Server, streams: &str) {
    server.kill();
    let own = own_address();
    let rooms = r#"{"allowed_rooms": [{"room": "*"}]}"#;
    let _backend = Backend::start(backend_address(own), move |_| Answer::json(200, rooms)).await;
    let url = server.url_text(server.port());
    let start = || {
        Start::new(own)
            .env("CAMPANILE_BROKER_URL", &url)
            .env("CAMPANILE_BROKER_REDIS_STREAMS", streams)
            .env("CAMPANILE_LIMITS_DRAIN_S", "1")
    };
    let mut one = start().alive().await;
    let client = it_begins_and_lets_clients_in_but_no_triggers(&one).await;
    tokio::task::block_in_place(|| server.restart());
    let client = it_becomes_whole_when_the_broker_comes(&one, client).await;
    server.kill();
    it_ends_in_time(&mut one, client).await;
    tokio::task::block_in_place(|| server.restart());
    let mut one = start().ready().await;
    let client = come(&one).await;
    // It ends before it can have noticed.
    server.freeze();
    it_ends_in_time(&mut one, client).await;
}

/// A client that knows gaps, and has asked for a room.
async fn come(node: &Campanile) -> Client {
    let headers = [("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned())];
    let mut client = Client::open(node.public, "/ws/", &headers).await.expect("it is let in");
    client.next().await.expect("a greeting");
    client.send(r#"{"type":"subscribe","room":{"room":"lobby"},"requestId":1}"#).await;
    client
}

async fn it_begins_and_lets_clients_in_but_no_triggers(node: &Campanile) -> Client {
    let client = come(node).await;
    let ready = http::get(node.internal, "/readyz").await.expect("it is answered");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("the broker is lost since"), "{}", ready.body);
    assert_eq!(trigger(node, "nobody").await, 503);
    client
}

async fn it_becomes_whole_when_the_broker_comes(node: &Campanile, mut client: Client) -> Client {
    while http::get(node.internal, "/readyz").await.expect("it is answered").status != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    heard(&mut client, r#""code": "success""#).await;
    assert_eq!(trigger(node, "everybody").await, 200);
    heard(&mut client, "everybody").await;
    client
}

async fn it_ends_in_time(node: &mut Campanile, mut client: Client) {
    node.terminate();
    let mut last = client.next().await;
    while let Some(Incoming::Text(_)) = last {
        last = client.next().await;
    }
    assert_eq!(last, Some(Incoming::Closed(1012)));
    drop(client);
    assert!(node.ended().await.success(), "{}", node.log());
}

async fn trigger(node: &Campanile, data: &str) -> u16 {
    let body = format!(r#"{{"rooms":[{{"room":"lobby"}}],"data":"{data}"}}"#);
    let answer = http::post(node.internal, "/trigger/", &[], body.as_bytes()).await;
    answer.expect("it is answered").status
}

/// Waits for a message with these words, and sees to it that what was refused is not heard.
async fn heard(client: &mut Client, words: &str) {
    loop {
        match client.next().await {
            Some(Incoming::Text(text)) if text.contains(words) => return,
            Some(Incoming::Text(text)) => assert!(!text.contains("nobody"), "{text}"),
            other => panic!("{words}: {other:?}"),
        }
    }
}
