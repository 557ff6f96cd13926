//! What only happens where there are several nodes, or a key.

use crate::api::start;
use campanile_broker::testing::Server;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_of_the_broker_and_a_user_of_another_node_are_named() {
    let Some(mut server) = Server::redis() else { return };
    let settings = format!("[broker]\nurl = \"{}\"\n", server.url_text(server.port()));
    let (one, other) = (start(&settings).await, start(&settings).await);
    let (_bob, _) = one.connect("bob", &[r#"{"zoo":1}"#]).await;
    let (_ada, _) = other.connect("ada", &[r#"{"zoo":1}"#]).await;
    one.publish("m1", r#"{"zoo":1}"#, "").await;
    assert_eq!(one.why("user=bob&id=m1").await["cause"], "delivered");
    assert_eq!(one.why("user=ada&id=m1").await["cause"], "elsewhere");
    assert_eq!(other.why("user=ada&id=m1").await["cause"], "delivered");
    assert_eq!(one.why("user=bob&id=m2").await["cause"], "unknown_id");
    other.publish("m4", r#"{"zoo":"1"}"#, "").await;
    assert_eq!(other.why("user=ada&id=m4").await["cause"], "near_miss_type", "nobody was in it");
    server.kill();
    for _ in 0..3000 {
        if one.ask("GET /status").await.1["broker"]["connected"] == false {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
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
