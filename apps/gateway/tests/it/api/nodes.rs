//! Wishes reach all nodes, whichever broker is between them.

use super::{World, start, text};
use crate::support::backend::Answer;
use crate::support::client::{Client, Incoming};
use campanile_broker::testing::Server;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn wishes_reach_every_node_by_redis() {
    let Some(server) = Server::redis() else { return };
    every_wish(server, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_reach_every_node_by_streams_of_redis() {
    let Some(server) = Server::appending_redis() else { return };
    every_wish(server, "redis_streams = true\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_reach_every_node_by_nats() {
    let Some(server) = Server::nats() else { return };
    every_wish(server, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_reach_every_node_by_rabbitmq() {
    let Some(server) = Server::rabbit() else { return };
    every_wish(server, "").await;
}

/// Wishes for one thing after the other at one of two nodes.
async fn every_wish(mut server: Server, more: &str) {
    let url = server.url_text(server.port());
    let settings = format!("[broker]\nurl = \"{url}\"\n{more}");
    let (one, other) = (start(&settings).await, start(&settings).await);
    a_user_is_disconnected_on_every_node(&one, &other).await;
    a_connection_is_disconnected_by_its_name_from_every_node(&one, &other).await;
    a_user_is_revalidated_on_every_node(&one, &other).await;
    everybody_is_revalidated_on_every_node(&one, &other).await;
    server.kill();
    while_the_broker_is_lost_a_wish_is_done_here_and_said_not_to_be_told(&one).await;
}

async fn a_user_is_disconnected_on_every_node(one: &World, other: &World) {
    let (mut here, _) = one.connect("ada", &[]).await;
    let (mut there, _) = other.connect("ada", &[]).await;
    let (mut bob, _) = other.connect("bob", &[]).await;
    let (status, done) = one.ask("DELETE /users/ada?code=4001").await;
    assert_eq!((status, done), (200, json!({"connections": 1, "others": "told"})));
    assert_eq!(here.next().await, Some(Incoming::Closed(4001)));
    assert_eq!(there.next().await, Some(Incoming::Closed(4001)));
    assert_eq!(bob.settle().await, []);
}

async fn a_connection_is_disconnected_by_its_name_from_every_node(one: &World, other: &World) {
    let (mut bob, name) = other.connect("bob", &[]).await;
    let (status, _) = one.ask(&format!("GET /connections/{name}")).await;
    assert_eq!(status, 404, "a name means nothing to another node");
    let (status, done) = one.ask(&format!("DELETE /connections/{name}?code=4002")).await;
    assert_eq!((status, done), (200, json!({"connections": 0, "others": "told"})));
    assert_eq!(bob.next().await, Some(Incoming::Closed(4002)));
}

async fn a_user_is_revalidated_on_every_node(one: &World, other: &World) {
    let (mut there, _) = other.connect("ada", &[r#"{"zoo":1}"#]).await;
    only_zoo(other, 2);
    let (status, done) = one.ask("POST /users/ada/revalidate").await;
    assert_eq!((status, done), (200, json!({"connections": 0, "others": "told"})));
    loses_its_room(&mut there).await;
}

async fn everybody_is_revalidated_on_every_node(one: &World, other: &World) {
    let (mut eve, _) = other.connect("eve", &[r#"{"zoo":2}"#]).await;
    only_zoo(other, 3);
    let (status, done) = one.ask("POST /revalidate").await;
    assert_eq!((status, done["others"].as_str()), (200, Some("told")), "{done}");
    loses_its_room(&mut eve).await;
}

/// From here on everybody may hear of this zoo alone.
fn only_zoo(world: &World, zoo: u32) {
    world.backend.answer(move |request| {
        let user = request.header("x-session-token").unwrap_or_default();
        Answer::json(200, json!({"allowed_rooms": [{"zoo": zoo}], "user": user}).to_string())
    });
}

async fn loses_its_room(client: &mut Client) {
    assert_eq!(text(client).await["type"], "revoked");
}

async fn while_the_broker_is_lost_a_wish_is_done_here_and_said_not_to_be_told(one: &World) {
    let (mut here, _) = one.connect("ada", &[]).await;
    for _ in 0..3000 {
        let (_, status) = one.ask("GET /status").await;
        if status["broker"]["connected"] == false {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, done) = one.ask("DELETE /users/ada").await;
    assert_eq!((status, done), (200, json!({"connections": 1, "others": "not_told"})));
    let mut last = here.next().await;
    while matches!(last, Some(Incoming::Text(_))) {
        last = here.next().await;
    }
    assert_eq!(last, Some(Incoming::Closed(1000)));
}
