//! The planted causes.

use super::{request, subscribe, text};
use crate::api::{World, start};
use crate::support::backend::Answer;
use crate::support::client::Incoming;
use crate::support::http;
use serde_json::{Value, json};

/// The room that everything is about.
const ROOM: &str = r#"{"zoo":1}"#;

/// A question, and the cause that was planted.
struct Planted(String, &'static str);

impl Planted {
    fn user(user: &str, id: &str, cause: &'static str) -> Planted {
        Planted(format!("user={user}&id={id}"), cause)
    }
}

fn allowed(user: &str) -> Value {
    match user {
        "guest" => json!([{"zoo": 3}, {"park": "*"}]),
        _ => json!([{"zoo": "*"}, {"zoo": "*", "animal": "*"}]),
    }
}

async fn world() -> World {
    let world =
        start("[limits]\nsubscriptions_per_connection_max = 2\noutbox_bytes_max = 65536\n").await;
    world.backend.answer(|request| {
        let user = request.header("x-session-token").unwrap_or("nobody");
        Answer::json(200, json!({"allowed_rooms": allowed(user), "user": user}).to_string())
    });
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_planted_cause_is_named() {
    let world = world().await;
    let mut planted = Vec::new();
    let mut kept = Vec::new();
    for (user, rooms, cause) in [
        ("hears", &[ROOM][..], "delivered"),
        ("other", &[r#"{"zoo":7,"animal":"gnu"}"#], "not_subscribed"),
        ("nothing", &[], "not_subscribed"),
        ("value", &[r#"{"zoo":2}"#], "near_miss_value"),
        ("type", &[r#"{"zoo":"1"}"#], "near_miss_type"),
        ("star", &[r#"{"zoo":"*"}"#], "literal_star"),
    ] {
        kept.push(world.connect(user, rooms).await);
        planted.push(Planted::user(user, "m1", cause));
    }
    before(&world, &mut planted).await;
    let (mut late, _) = world.connect("late", &[]).await;
    world.publish("m1", ROOM, r#", "exclude": {"user": "excluded"}"#).await;
    subscribe(&mut late, "a", json!({"zoo": 1})).await;
    planted.push(Planted::user("late", "m1", "subscribed_too_late"));
    kept.push(world.connect("later", &[ROOM]).await);
    planted.push(Planted::user("later", "m1", "connected_too_late"));
    planted.push(Planted::user("nobody", "m1", "not_connected"));
    triggers(&world, &mut planted).await;
    slow(&world, &mut planted).await;
    for Planted(question, cause) in &planted {
        let answer = world.why(question).await;
        assert_eq!(answer["cause"], *cause, "{question}: {answer}");
    }
    let mut causes: Vec<&str> = planted.iter().map(|Planted(_, cause)| *cause).collect();
    causes.sort_unstable();
    causes.dedup();
    assert!(planted.len() >= 24 && causes.len() >= 19, "{causes:?}");
    details(&world).await;
}

/// Plants what has to be there before the trigger.
async fn before(world: &World, planted: &mut Vec<Planted>) {
    let (mut gone, _) = world.connect("unsubscribed", &[]).await;
    subscribe(&mut gone, "a", json!({"zoo": 1})).await;
    request(&mut gone, json!({"type": "unsubscribe", "requestId": "a"})).await;
    planted.push(Planted::user("unsubscribed", "m1", "unsubscribed_before"));
    let (mut guest, _) = world.connect("guest", &[]).await;
    let reply = subscribe(&mut guest, "a", json!({"zoo": 1})).await;
    assert_eq!(reply["message"], "room-not-found");
    planted.push(Planted::user("guest", "m1", "not_permitted"));
    let (mut many, _) = world.connect("many", &[r#"{"zoo":8}"#, r#"{"zoo":9}"#]).await;
    let reply = subscribe(&mut many, "a", json!({"zoo": 1})).await;
    assert_eq!(reply["message"], "too-many-subscriptions");
    planted.push(Planted::user("many", "m1", "too_many_subscriptions"));
    let (mut left, name) = world.connect("left", &[ROOM]).await;
    assert!(left.close().await);
    planted.push(Planted::user("left", "m1", "disconnected_before"));
    planted.push(Planted(format!("connection={name}&id=m1"), "disconnected_before"));
    let (mut out, _) = world.connect("out", &[ROOM]).await;
    world.ask("DELETE /users/out?code=4001&reason=logged%20out").await;
    assert_eq!(out.next().await, Some(Incoming::Closed(4001)));
    planted.push(Planted::user("out", "m1", "disconnected_before"));
    let (mut revoked, _) = world.connect("revoked", &[ROOM]).await;
    world.backend.answer(|request| {
        let user = request.header("x-session-token").unwrap_or("nobody");
        let rooms = if user == "revoked" { json!([{"zoo": 2}]) } else { allowed(user) };
        Answer::json(200, json!({"allowed_rooms": rooms, "user": user}).to_string())
    });
    world.ask("POST /users/revoked/revalidate").await;
    assert_eq!(text(&mut revoked).await["type"], "revoked");
    planted.push(Planted::user("revoked", "m1", "revoked"));
    let (excluded, _) = world.connect("excluded", &[ROOM]).await;
    planted.push(Planted::user("excluded", "m1", "excluded"));
    // They stay connected for as long as the gateway runs, and are looked at afterwards.
    std::mem::forget((gone, guest, many, revoked, excluded));
}

/// Plants what is wrong with triggers themselves.
async fn triggers(world: &World, planted: &mut Vec<Planted>) {
    world.publish("stars", r#"{"zoo":"*"}"#, "").await;
    planted.push(Planted::user("hears", "stars", "literal_star"));
    world.publish("pattern", r#"{"zoo":"*"}"#, r#", "match": "pattern""#).await;
    planted.push(Planted::user("hears", "pattern", "delivered"));
    world.publish("twice", r#"{"zoo":5}"#, "").await;
    let (twice, _) = world.connect("twice", &[r#"{"zoo":5}"#]).await;
    let again = world.publish("twice", r#"{"zoo":5}"#, "").await;
    assert_eq!(again["duplicate"], true);
    planted.push(Planted::user("twice", "twice", "duplicate"));
    std::mem::forget(twice);
    let bad = r#"{"rooms": [{"zoo": 66}], "id": "bad"}"#;
    assert_eq!(world.ask_with("POST /publish", &[], bad).await.0, 400);
    planted.push(Planted::user("hears", "bad", "trigger_refused"));
    planted.push(Planted("user=hears&room={\"zoo\":66}".to_owned(), "trigger_refused"));
    planted.push(Planted::user("hears", "never-sent", "unknown_id"));
    let emu = "user=hears&room={\"zoo\":1,\"animal\":\"emu\"}&at=2099-01-01T00:00:00Z";
    planted.push(Planted(emu.to_owned(), "never_triggered"));
    planted.push(Planted("user=hears&room={\"zoo\":1}".to_owned(), "delivered"));
}

/// Plants a client that does not read.
async fn slow(world: &World, planted: &mut Vec<Planted>) {
    let (slow, _) = world.connect("slow", &[r#"{"zoo":6}"#]).await;
    let data = "x".repeat(500_000);
    let mut last = 0;
    for number in 0..200 {
        last = number;
        let body =
            format!(r#"{{"rooms": [{{"zoo": 6}}], "data": "{data}", "id": "slow-{number}"}}"#);
        assert_eq!(world.ask_with("POST /publish", &[], &body).await.0, 200);
        let page = http::get(world.campanile.internal, "/metrics").await.expect("it is served");
        if page.body.contains("campanile_slow_closed_total 1") {
            break;
        }
    }
    planted.push(Planted::user("slow", "slow-0", "delivered"));
    planted.push(Planted::user("slow", &format!("slow-{last}"), "dropped_slow"));
    std::mem::forget(slow);
}

/// Looks at what the answers say beside the cause.
async fn details(world: &World) {
    let near = world.why("user=type&id=m1").await;
    assert_eq!((&near["nearest"], &near["requestId"]), (&json!({"zoo": "1"}), &json!(0)));
    assert!(
        near["words"].as_str().is_some_and(|words| words.contains("JSON type of \"zoo\"")),
        "{near}"
    );
    let guest = world.why("user=guest&id=m1").await;
    assert_eq!(guest["nearest"], json!({"zoo": 3}), "{guest}");
    let out = world.why("user=out&id=m1").await;
    let words = out["words"].as_str().expect("words");
    assert!(words.contains("the gateway closed with 4001 (logged out)"), "{words}");
    world.publish("park", r#"{"park":5}"#, "").await;
    let never = world.why("user=hears&room={\"park\":\"5\"}").await;
    assert_eq!(never["cause"], "never_triggered", "{never}");
    assert_eq!(never["nearest"], json!({"park": 5}), "{never}");
    let trigger = &world.why("user=hears&id=m1").await["trigger"];
    assert_eq!((&trigger["id"], &trigger["rooms"]), (&json!("m1"), &json!([{"zoo": 1}])));
}
