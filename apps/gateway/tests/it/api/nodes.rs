//! Wishes reach all nodes.

use super::{World, start, text};
use crate::support::backend::Answer;
use crate::support::client::Incoming;
use campanile_broker::testing::Server;
use serde_json::json;
use std::time::Duration;

/// Two nodes on one Redis; none where that is not installed.
async fn two() -> Option<(Server, World, World)> {
    let server = Server::redis()?;
    let settings = format!("[broker]\nurl = \"{}\"\n", server.url_text(server.port()));
    let (one, other) = (start(&settings).await, start(&settings).await);
    Some((server, one, other))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_disconnected_on_every_node() {
    let Some((_server, one, other)) = two().await else { return };
    let (mut here, _) = one.connect("ada", &[]).await;
    let (mut there, name) = other.connect("ada", &[]).await;
    let (mut bob, bobs) = other.connect("bob", &[]).await;
    let (status, done) = one.ask("DELETE /users/ada?code=4001").await;
    assert_eq!((status, done), (200, json!({"connections": 1, "others": "told"})));
    assert_eq!(here.next().await, Some(Incoming::Closed(4001)));
    assert_eq!(there.next().await, Some(Incoming::Closed(4001)));
    let (status, done) = one.ask(&format!("DELETE /connections/{bobs}?code=4002")).await;
    assert_eq!((status, done), (200, json!({"connections": 0, "others": "told"})));
    assert_eq!(bob.next().await, Some(Incoming::Closed(4002)));
    let (status, _) = one.ask(&format!("GET /connections/{name}")).await;
    assert_eq!(status, 404, "a name means nothing to another node");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_revalidated_on_every_node() {
    let Some((_server, one, other)) = two().await else { return };
    let (mut there, _) = other.connect("ada", &[r#"{"zoo":1}"#]).await;
    let rooms = r#"{"allowed_rooms": [{"zoo": 2}], "user": "ada"}"#;
    other.backend.answer(move |_| Answer::json(200, rooms));
    let (status, done) = one.ask("POST /users/ada/revalidate").await;
    assert_eq!((status, done), (200, json!({"connections": 0, "others": "told"})));
    assert_eq!(text(&mut there).await["type"], "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_lost_a_wish_is_done_here_and_said_not_to_be_told() {
    let Some((mut server, one, _other)) = two().await else { return };
    let (mut here, _) = one.connect("ada", &[]).await;
    server.kill();
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
