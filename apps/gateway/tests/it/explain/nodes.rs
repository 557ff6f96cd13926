//! What only happens where there are several nodes, or a key.

use crate::api::{World, start};
use campanile_broker::testing::Server;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn any_of_three_nodes_answers_for_all_by_redis() {
    let Some(server) = Server::redis() else { return };
    ask_any(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_of_three_nodes_answers_for_all_by_nats() {
    let Some(server) = Server::nats() else { return };
    ask_any(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_of_three_nodes_answers_for_all_by_rabbitmq() {
    let Some(server) = Server::rabbit() else { return };
    ask_any(server).await;
}

/// Plants causes on one of three nodes, and asks another.
async fn ask_any(mut server: Server) {
    let url = server.url_text(server.port());
    let settings = format!("[explain]\nothers_within_s = 5\n[broker]\nurl = \"{url}\"\n");
    let nodes = [start(&settings).await, start(&settings).await, start(&settings).await];
    let [one, two, three] = &nodes;
    for node in &nodes {
        node.knows(2).await;
    }
    let (mut ada, name) = two.connect("ada", &[r#"{"zoo":1}"#]).await;
    let (_bob, _) = one.connect("bob", &[r#"{"zoo":1}"#, r#"{"zoo":"1"}"#]).await;
    three.publish("m1", r#"{"zoo":1}"#, "").await;
    assert_eq!(crate::api::text(&mut ada).await["data"], 1);
    three.publish("m2", r#"{"zoo":"1"}"#, "").await;
    one.publish("m3", r#"{"zoo":1}"#, r#", "exclude": {"user": "ada"}"#).await;
    for (question, cause) in [
        ("user=ada&id=m1".to_owned(), "delivered"),
        (format!("connection={name}&id=m1"), "delivered"),
        ("user=ada&id=m2".to_owned(), "near_miss_type"),
        ("user=ada&id=m3".to_owned(), "excluded"),
        ("user=ada&id=m9".to_owned(), "unknown_id"),
    ] {
        let answer = one.why(&question).await;
        assert_eq!(answer["cause"], cause, "{question}: {answer:#}");
        assert_eq!(answer["node"], two.node().await, "{question}: {answer:#}");
        assert_eq!(answer["others"].as_array().map(Vec::len), Some(2), "{answer:#}");
        assert_eq!(answer["silent"], json!([]), "{answer:#}");
    }
    let nobody = three.why("user=nobody&id=m1").await;
    assert_eq!(nobody["cause"], "not_connected", "{nobody:#}");
    one_is_silent(one, two, three).await;
    server.kill();
    one.is_cut_off().await;
    let alone = one.why("user=ada&id=m1").await;
    assert_eq!(alone["cause"], "elsewhere", "{alone:#}");
    assert!(
        alone["words"].as_str().is_some_and(|it| it.contains("could not be asked")),
        "{alone:#}"
    );
}

/// A node that is frozen is named, and nothing is said for it.
async fn one_is_silent(one: &World, two: &World, three: &World) {
    let silent = two.node().await;
    two.campanile.signal(Signal::STOP);
    let answer = one.why("user=ada&id=m1").await;
    two.campanile.signal(Signal::CONT);
    assert_eq!(answer["cause"], "elsewhere", "{answer:#}");
    assert_eq!(answer["silent"], json!([silent]), "{answer:#}");
    let words = answer["words"].as_str().expect("words");
    let silent = silent.as_str().expect("a name");
    assert!(words.contains(&format!("{silent} did not answer")), "{words}");
    let name = three.node().await;
    assert!(words.contains(name.as_str().expect("a name")), "{words}");
}

impl World {
    /// Returns its name.
    async fn node(&self) -> Value {
        self.ask("GET /status").await.1["node"].clone()
    }

    /// Waits until it has heard of so many other nodes.
    async fn knows(&self, others: u64) {
        for _ in 0..3000 {
            if crate::hardship::metric(&self.campanile, "campanile_nodes_other").await == others {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it has not heard of {others} others");
    }

    /// Waits until it has lost the broker.
    async fn is_cut_off(&self) {
        for _ in 0..3000 {
            if self.ask("GET /status").await.1["broker"]["connected"] == false {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the broker is still there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_of_the_broker_and_a_user_of_another_node_are_named() {
    let Some(mut server) = Server::redis() else { return };
    let settings = format!("[broker]\nurl = \"{}\"\n", server.url_text(server.port()));
    let (one, other) = (start(&settings).await, start(&settings).await);
    let (_bob, _) = one.connect("bob", &[r#"{"zoo":1}"#]).await;
    let (_ada, _) = other.connect("ada", &[r#"{"zoo":1}"#]).await;
    one.publish("m1", r#"{"zoo":1}"#, "").await;
    assert_eq!(one.why("user=bob&id=m1").await["cause"], "delivered");
    assert_eq!(one.why("user=ada&id=m1").await["cause"], "delivered", "as the other says");
    assert_eq!(other.why("user=ada&id=m1").await["cause"], "delivered");
    assert_eq!(one.why("user=bob&id=m2").await["cause"], "unknown_id");
    other.publish("m4", r#"{"zoo":"1"}"#, "").await;
    assert_eq!(other.why("user=ada&id=m4").await["cause"], "near_miss_type", "nobody was in it");
    server.kill();
    one.is_cut_off().await;
    assert_eq!(one.why("user=bob&id=m2").await["cause"], "broker_gap");
    let body = r#"{"rooms": [{"zoo": 1}], "data": 1, "id": "m3"}"#;
    assert_eq!(one.ask_with("POST /publish", &[], body).await.0, 503);
    let refused = one.why("user=bob&id=m3").await;
    assert_eq!(refused["cause"], "trigger_refused");
    assert!(
        refused["words"].as_str().is_some_and(|it| it.contains("broker_unavailable")),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_without_the_key_is_named() {
    let world = start("[internal]\nkey = \"s3cret\"\n").await;
    let body = r#"{"rooms": [{"zoo": 1}], "data": 1}"#;
    let wrong = [("X-Api-Key", "other"), ("Idempotency-Key", "m1")];
    assert_eq!(world.ask_with("POST /publish", &wrong, body).await.0, 401);
    let key = [("X-Api-Key", "s3cret")];
    let (_, why) = world.ask_with("GET /explain?user=ada&id=m1", &key, "").await;
    assert_eq!(why["cause"], "trigger_refused");
    assert!(why["words"].as_str().is_some_and(|words| words.contains("unauthorized")), "{why}");
}
