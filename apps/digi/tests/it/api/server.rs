//! Health, numbers, headers, and what no request may be.

use crate::stage::{Stage, ask};
use crate::world::{World, on_both};
use serde_json::json;

on_both! {
    anybody_is_told_how_the_server_is
}

async fn anybody_is_told_how_the_server_is(world: World) {
    let stage = Stage::start(world).await;
    let mut ann = stage.chat("ann", "").await;
    ann.hear_of("hello").await;
    let health = stage.ask("nobody", "GET /health/", "").await;
    let wanted = json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION"),
        "checks": {"database": "ok", "layer": "ok"}, "sockets": 1, "rooms": 1});
    assert_eq!((health.status, health.json()), (200, wanted));
    stage.app().store.database().clone().close().await.unwrap();
    let health = stage.ask("nobody", "GET /health/", "").await;
    assert_eq!((health.status, &health.json()["status"]), (503, &"unhealthy".into()));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_see_what_was_counted_and_strangers_from_afar_do_not() {
    let stage = Stage::start(World::sqlite()).await;
    let mut ann = stage.chat("ann", "").await;
    ann.add("hi").await;
    ann.say(json!({"type": "nope"})).await;
    ann.hear_of("error").await;
    let numbers = stage.ask("nobody", "GET /metrics", "").await;
    assert_eq!(numbers.status, 200);
    for line in [
        "digi_sockets_open 1",
        "digi_rooms_open 1",
        "digi_users_here 1",
        "digi_messages_added_total 1",
        "digi_messages_invalid_total 1",
        "digi_consumers_connected_total 1",
    ] {
        assert!(numbers.body.lines().any(|it| it == line), "{line}: {}", numbers.body);
    }
    let afar = [("X-Forwarded-For", "203.0.113.9")];
    assert_eq!(ask(stage.address(), "GET /metrics", &afar, "").await.status, 403);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_keeps_browsers_from_what_pages_never_need() {
    let stage = Stage::start(World::sqlite()).await;
    for what in ["GET connections/", "GET /auth/login/", "GET /nothing/", "GET /schema/"] {
        let answer = stage.ask("ann", what, "").await;
        let head = answer.head.to_ascii_lowercase();
        for header in [
            "content-security-policy: default-src 'self'",
            "x-frame-options: deny",
            "x-content-type-options: nosniff",
            "referrer-policy: same-origin",
        ] {
            assert!(head.contains(header), "{what}: {header} is missing in {head}");
        }
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_or_no_request_is_answered_in_words() {
    let stage = Stage::start(World::sqlite()).await;
    let long = json!({ "message": "x".repeat(70_000) }).to_string();
    let query = format!("GET search/?q={}", "x".repeat(3_000));
    for (what, body, status) in [
        ("POST @/messages/", long.as_str(), 413),
        (query.as_str(), "", 414),
        ("PUT connections/", "", 405),
        ("POST @/messages/", "{", 400),
        ("POST @/messages/", "\"x\"", 400),
        ("GET nothing/", "", 404),
    ] {
        let answer = stage.ask("ann", what, body).await;
        let shown: String = what.chars().take(40).collect();
        assert_eq!(answer.status, status, "{shown}: {answer:?}");
        assert!(answer.json()["detail"].is_string(), "{shown}: {}", answer.body);
    }
    stage.end().await;
}
