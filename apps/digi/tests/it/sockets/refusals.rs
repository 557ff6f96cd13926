//! Each error, and that a refused frame harms nobody.

use crate::peer::{Peer, Transcript};
use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

on_both! {
    each_error_has_its_code_and_names_what_it_is_about
    what_belongs_to_others_or_elsewhere_is_neither_edited_nor_deleted_nor_read
}

async fn each_error_has_its_code_and_names_what_it_is_about(world: World) {
    let limits = [("DIGI_CHANGES_PER_10_S_MAX", "20"), ("DIGI_MESSAGE_CHARS_MAX", "10")];
    let stage = Stage::with(world, &limits).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    let own = ann.add("own").await["message_id"].take();
    let others = bob.add("other's").await["message_id"].take();
    ann.hear_until("other's").await;
    let frames = [
        json!({"type": "add", "message": " \n\t", "client_id": "a1"}),
        json!({"type": "add", "message": "NUL \u{0}"}),
        json!({"type": "add", "message": "more than 10", "client_id": "a2"}),
        json!({"type": "edit", "message_id": own, "message": "more than 10"}),
        json!({"type": "add", "message": "hi", "client_id": "x".repeat(65)}),
        json!({"type": "edit", "message_id": "nothing", "message": "x"}),
        json!({"type": "edit", "message_id": others, "message": "x"}),
        json!({"type": "delete", "message_id": others}),
        json!({"type": "delete", "message_id": own}),
        json!({"type": "delete", "message_id": own}),
        json!({"type": "read", "message_id": "nothing"}),
    ];
    let mut heard = Vec::new();
    for frame in frames {
        ann.say(frame).await;
        heard.push(ann.hear().await);
    }
    expect![[r#"
        {"client_id":"a1","code":"invalid","detail":"A message has a text.","type":"error"}
        {"code":"invalid","detail":"A message has no NUL in it.","type":"error"}
        {"client_id":"a2","code":"too_long","detail":"A message has at most 10 characters.","type":"error"}
        {"code":"too_long","detail":"A message has at most 10 characters.","message_id":"id1","type":"error"}
        {"client_id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","code":"invalid","detail":"A client_id has 1 to 64 characters.","type":"error"}
        {"code":"not_found","detail":"Not found.","message_id":"nothing","type":"error"}
        {"code":"not_owner","detail":"This message is not yours.","message_id":"id2","type":"error"}
        {"code":"not_owner","detail":"This message is not yours.","message_id":"id2","type":"error"}
        {"message_id":"id1","seq":3,"type":"chat_message_delete","user":"ann"}
        {"code":"not_found","detail":"Not found.","message_id":"id1","type":"error"}
        {"code":"not_found","detail":"Not found.","message_id":"nothing","type":"error"}
    "#]].assert_eq(&Transcript::default().lines(&heard));
    // Of twenty in ten seconds that was half of ann's; bob has his own.
    let mut refused = Vec::new();
    for number in 0..12 {
        ann.say(json!({"type": "add", "message": "x", "client_id": format!("n{number}")})).await;
    }
    while refused.is_empty() || refused.len() < 2 {
        let frame = ann.hear().await;
        if frame["type"] == "error" {
            refused.push(frame);
        }
    }
    for frame in refused {
        assert_eq!(frame["code"], "rate_limited");
        assert!((1..=10).contains(&frame["retry_after"].as_u64().unwrap()), "{frame}");
        assert!(frame["client_id"].as_str().unwrap().starts_with('n'));
    }
    let answer = stage.ask("ann", "POST @/messages/", r#"{"message":"x"}"#).await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.to_ascii_lowercase().contains("retry-after: "));
    bob.add("fine").await;
    stage.end().await;
}

async fn what_belongs_to_others_or_elsewhere_is_neither_edited_nor_deleted_nor_read(world: World) {
    let stage = Stage::start(world).await;
    let mut ann = stage.chat("ann", "").await;
    let path = format!("/ws/chat/{}/", stage.other);
    let mut cat = stage.open("cat", &path).await.map_err(drop).unwrap();
    let elsewhere = cat.add("elsewhere").await["message_id"].take();
    let mut own = ann.add("own").await;
    let (id, conversation) = (own["message_id"].take(), json!(stage.id));
    for message_id in [&elsewhere, &conversation, &json!(""), &json!("1"), &json!("m:1")] {
        for frame in [
            json!({"type": "edit", "message_id": message_id, "message": "x"}),
            json!({"type": "delete", "message_id": message_id}),
            json!({"type": "read", "message_id": message_id}),
        ] {
            ann.say(frame).await;
            let error = ann.hear().await;
            let wanted = json!({"type": "error", "code": "not_found", "detail": "Not found.",
                "message_id": message_id});
            assert_eq!(error, wanted);
        }
    }
    let history = stage.ask("ann", "GET @/messages/", "").await.json();
    assert_eq!(history["results"][0]["message"], "own");
    assert_eq!(history["results"][0]["message_id"], id);
    cat.add("end").await;
    stage.end().await;
}

/// What is no frame: one has an answer, and the socket stays open.
fn junk() -> Vec<String> {
    let nested = "[".repeat(10_000);
    let mut junk: Vec<String> = [
        "",
        " ",
        "x",
        "{",
        "[]",
        "null",
        "3",
        "\"add\"",
        "{}",
        "{\"type\":5}",
        "{\"type\":\"nope\"}",
        "{\"type\":\"add\"}",
        "{\"type\":\"add\",\"message\":5}",
        "{\"type\":\"add\",\"message\":\"\\ud800\"}",
        "{\"type\":\"add\",\"message\":\"x\"}}",
        "{\"type\":\"add\",\"message\":\"x\",\"client_id\":7}",
        "{\"type\":\"edit\",\"message\":\"x\"}",
        "{\"type\":\"edit\",\"message_id\":[],\"message\":\"x\"}",
        "{\"type\":\"delete\"}",
        "{\"type\":\"typing\"}",
        "{\"type\":\"typing\",\"typing\":\"yes\"}",
        "{\"type\":\"read\"}",
        "{\"type\":\"chat_message\",\"message\":\"x\"}",
        "{\"TYPE\":\"ping\"}",
    ]
    .map(str::to_owned)
    .to_vec();
    junk.push(nested);
    junk.push(format!("{{\"type\":\"{}\"}}", "x".repeat(60_000)));
    junk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_is_answered_and_harms_nobody() {
    let stage = Stage::start(World::sqlite()).await;
    let mut ann = stage.chat("ann", "").await;
    let mut witness = stage.chat("bob", "").await;
    witness.hear_of("hello").await;
    ann.hear_of("hello").await;
    for text in junk() {
        ann.say_text(&text).await;
        let error = ann.hear().await;
        let shown: String = text.chars().take(60).collect();
        assert_eq!(
            (&error["type"], &error["code"]),
            (&"error".into(), &"invalid".into()),
            "{shown}"
        );
        let said = ann.add("well").await;
        assert_eq!(witness.hear().await, said);
    }
    stage.end().await;
}

/// What breaks the protocol: its socket is closed with a code that says so, and no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_the_protocol_closes_its_own_socket_alone() {
    let stage = Stage::start(World::sqlite()).await;
    let mut witness = stage.chat("bob", "").await;
    let mut other = stage.chat("ann", "").await;
    witness.hear_of("hello").await;
    let masked = |first: u8, second: u8, payload: &[u8]| {
        let mut frame = vec![first, 0x80 | second, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    };
    let broken: [(Vec<u8>, u16); 6] = [
        (masked(0x81, 2, b"\xc3\x28"), 1007),
        (vec![0x81, 2, b'{', b'}'], 1002),
        (masked(0x83, 0, b""), 1002),
        (masked(0xf1, 0, b""), 1002),
        (masked(0x80, 0, b""), 1002),
        (masked(0x09, 0, b""), 1002),
    ];
    for (bytes, code) in broken {
        let mut ann = stage.chat("ann", "").await;
        ann.write(&bytes).await;
        assert_eq!(ann.closed().await, code, "{bytes:?}");
        let said = other.add("well").await;
        assert_eq!(witness.hear().await, said);
    }
    for (message, code) in [
        (Message::Binary(Bytes::from_static(b"{}")), 1003),
        (Message::text("x".repeat(65_537)), 1009),
    ] {
        let mut ann = stage.chat("ann", "").await;
        ann.say_message(message).await;
        assert_eq!(ann.closed().await, code);
        let said = other.add("well").await;
        assert_eq!(witness.hear().await, said);
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_a_message_is_refused_and_may_be_sent_again() {
    let Some(mut postgres) = campanile_broker::testing::Postgres::start() else { return };
    let url = postgres.database("digi");
    let stage = Stage::at(&url, &[]).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    for peer in [&mut ann, &mut bob] {
        // Its answer comes when all is shown that a socket begins with.
        peer.say(json!({"type": "ping"})).await;
        peer.hear_of("pong").await;
    }
    postgres.kill();
    let add = json!({"type": "add", "message": "hi", "client_id": "a1"});
    ann.say(add.clone()).await;
    let error = ann.hear().await;
    assert_eq!((&error["code"], &error["client_id"]), (&"unavailable".into(), &"a1".into()));
    assert!(!error.to_string().contains("SELECT"), "{error}");
    postgres.restart();
    let said = loop {
        ann.say(add.clone()).await;
        let frame = ann.hear().await;
        if frame["type"] == "chat_message" {
            break frame;
        }
        assert_eq!(frame["code"], "unavailable");
    };
    assert_eq!(bob.hear().await, said);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_whatever_kind_have_a_limit_too() {
    let stage = Stage::with(World::sqlite(), &[("DIGI_FRAMES_PER_10_S_MAX", "10")]).await;
    let mut ann = stage.chat("ann", "").await;
    let hear = async |ann: &mut Peer| -> Value {
        loop {
            let frame = ann.hear().await;
            if frame["type"] != "hello" {
                return frame;
            }
        }
    };
    for _ in 0..10 {
        ann.say(json!({"type": "ping"})).await;
        assert_eq!(hear(&mut ann).await["type"], "pong");
    }
    for text in ["x", r#"{"type":"typing","typing":true}"#, r#"{"type":"ping"}"#] {
        ann.say_text(text).await;
        assert_eq!(hear(&mut ann).await["code"], "rate_limited");
    }
    // What is refused so is named, as by any other error: a page waits for no other answer.
    for (name, text) in [
        ("message_id", r#"{"type":"edit","message_id":"m1","message":"x"}"#),
        ("client_id", r#"{"type":"add","client_id":"m1","message":"x"}"#),
    ] {
        ann.say_text(text).await;
        let refused = hear(&mut ann).await;
        assert_eq!((&refused["code"], &refused[name]), (&"rate_limited".into(), &"m1".into()));
    }
    stage.end().await;
}
