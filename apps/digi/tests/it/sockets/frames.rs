//! Each frame, as both sides and both windows of each see it.

use crate::peer::Transcript;
use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;
use serde_json::{Value, json};

on_both! {
    what_is_said_edited_and_deleted_comes_to_each_window_of_both_by_the_same_ids_in_one_order
    what_is_repeated_under_its_name_is_one_message_and_is_acknowledged_each_time
    what_was_missed_comes_first_and_in_order_and_nothing_twice
    who_writes_is_told_to_the_other_alone_and_ends_by_itself
    what_was_read_is_told_to_both_and_never_taken_back
    texts_arrive_as_they_were_sent
    a_list_is_told_of_requests_messages_and_what_was_read
    each_list_of_who_leaves_is_told_that_a_line_is_gone_and_of_its_coming_back
    what_a_list_is_told_of_a_line_is_never_older_than_what_it_was_told_before
}

async fn what_is_said_edited_and_deleted_comes_to_each_window_of_both_by_the_same_ids_in_one_order(
    world: World,
) {
    let stage = Stage::start(world).await;
    let (mut ann, mut ann2) = (stage.chat("ann", "").await, stage.chat("ann", "").await);
    let (mut bob, mut bob2) = (stage.chat("bob", "").await, stage.chat("bob", "").await);
    for peer in [&mut ann2, &mut bob, &mut bob2] {
        peer.hear_of("hello").await;
    }
    ann.say(json!({"type": "add", "message": "hi", "client_id": "a1", "user": "bob"})).await;
    let hi = ann.hear_of("chat_message").await["message_id"].clone();
    bob2.hear_of("chat_message").await;
    let mut said = bob2.add("hello").await;
    bob2.say(json!({"type": "edit", "message_id": said["message_id"].take(), "message": "hey"}))
        .await;
    bob2.hear_of("chat_message_edit").await;
    ann2.say(json!({"type": "delete", "message_id": hi})).await;
    ann2.hear_of("chat_message_delete").await;
    ann2.add("end").await;
    let heard = bob.hear_until("end").await;
    expect![[r#"
        {"client_id":"a1","message":"hi","message_id":"id1","sent_at":"…","seq":1,"type":"chat_message","user":"ann"}
        {"message":"hello","message_id":"id2","sent_at":"…","seq":2,"type":"chat_message","user":"bob"}
        {"edited_at":"…","message":"hey","message_id":"id2","seq":3,"type":"chat_message_edit","user":"bob"}
        {"message_id":"id1","seq":4,"type":"chat_message_delete","user":"ann"}
        {"message":"end","message_id":"id3","sent_at":"…","seq":5,"type":"chat_message","user":"ann"}
    "#]].assert_eq(&Transcript::default().lines(&heard));
    assert_eq!(ann.hear_until("end").await, heard[1..]);
    stage.end().await;
}

async fn what_is_repeated_under_its_name_is_one_message_and_is_acknowledged_each_time(
    world: World,
) {
    let stage = Stage::start(world).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    let add = json!({"type": "add", "message": "hi", "client_id": "a1"});
    for _ in 0..3 {
        ann.say(add.clone()).await;
    }
    ann.say(json!({"type": "add", "message": "marked"})).await;
    let mut heard = ann.hear_until("marked").await;
    heard.retain(|frame| frame["client_id"] == "a1");
    let first = heard[0].clone();
    // Each is answered, be it by the event that all hear.
    assert!(
        (2..=3).contains(&heard.len()) && heard.iter().all(|frame| *frame == first),
        "{heard:?}"
    );
    // The same name of the other's is another message; and by the API it is the same again.
    bob.say(add).await;
    let other = ann.hear_of("chat_message").await;
    assert_eq!((&other["user"], &other["seq"]), (&"bob".into(), &3.into()));
    let answer = stage.ask("ann", "POST @/messages/", r#"{"message":"x","client_id":"a1"}"#).await;
    assert_eq!((answer.status, &answer.json()["message_id"]), (200, &first["message_id"]));
    ann.add("end").await;
    let heard = bob.hear_until("end").await;
    let seqs: Vec<_> = heard.iter().filter_map(|frame| frame["seq"].as_i64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    stage.end().await;
}

async fn what_was_missed_comes_first_and_in_order_and_nothing_twice(world: World) {
    let stage = Stage::start(world).await;
    let mut ann = stage.chat("ann", "").await;
    for number in 1..=600 {
        ann.say(json!({"type": "add", "message": format!("{number}")})).await;
    }
    ann.hear_until("600").await;
    // While these are read, more is said.
    let mut bob = stage.chat("bob", "?after=0").await;
    let mut bob2 = stage.chat("bob", "?after=598").await;
    for number in 601..=650 {
        ann.say(json!({"type": "add", "message": format!("{number}")})).await;
    }
    ann.hear_until("650").await;
    let said = |frames: Vec<Value>| -> Vec<i64> {
        let is_said = |frame: &&Value| frame["type"] == "chat_message";
        frames.iter().filter(is_said).map(|frame| frame["seq"].as_i64().unwrap()).collect()
    };
    let heard = bob.hear_until("650").await;
    assert_eq!(heard[0]["type"], "hello");
    assert_eq!(said(heard), (1..=650).collect::<Vec<_>>());
    assert_eq!(said(bob2.hear_until("650").await), (599..=650).collect::<Vec<_>>());
    // A number that is not there yet, and one that is none.
    let mut early = stage.chat("bob", "?after=9999").await;
    assert_eq!(early.hear_of("resync").await["last_seq"], 650);
    ann.add("end").await;
    assert_eq!(early.hear_of("chat_message").await["seq"], 651);
    let path = format!("/ws/chat/{}/?after=x", stage.id);
    assert_eq!(stage.open("bob", &path).await.map(drop).unwrap_err().status, 400);
    stage.end().await;
}

async fn who_writes_is_told_to_the_other_alone_and_ends_by_itself(world: World) {
    let stage = Stage::start(world).await;
    let (mut ann, mut ann2) = (stage.chat("ann", "").await, stage.chat("ann", "").await);
    let mut bob = stage.chat("bob", "").await;
    bob.hear_of("hello").await;
    ann.say(json!({"type": "typing", "typing": true})).await;
    let typing = json!({"type": "typing", "user": "ann", "typing": true});
    assert_eq!(bob.hear().await, typing);
    ann.say(json!({"type": "typing", "typing": false})).await;
    let ended = json!({"type": "typing", "user": "ann", "typing": false});
    assert_eq!(bob.hear().await, ended);
    ann.say(json!({"type": "typing", "typing": true})).await;
    assert_eq!(bob.hear().await, typing);
    // Nothing more is said of it, not even by a socket that is gone.
    ann.leave().await;
    assert_eq!(bob.hear().await, ended);
    ann2.say(json!({"type": "add", "message": "end"})).await;
    assert_eq!(bob.hear().await["message"], "end");
    let heard = ann2.hear_until("end").await;
    assert!(heard.iter().all(|frame| frame["type"] != "typing"), "{heard:?}");
    stage.end().await;
}

async fn what_was_read_is_told_to_both_and_never_taken_back(world: World) {
    let stage = Stage::start(world).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    let (one, two) = (ann.add("one").await, ann.add("two").await);
    bob.hear_until("two").await;
    for said in [&two, &one, &two] {
        bob.say(json!({"type": "read", "message_id": said["message_id"]})).await;
    }
    let read = ann.hear_of("read").await;
    ann.add("end").await;
    let heard = bob.hear_until("end").await;
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(read, heard[0]);
    expect![[r#"{"message_id":"id1","read_at":"…","type":"read","user":"bob"}"#]]
        .assert_eq(&Transcript::default().line(&read));
    // Who comes later is told how it is, and how many it has not read itself.
    let mut late = stage.chat("ann", "").await;
    assert_eq!(late.hear_of("hello").await["unread"], 0);
    let read = late.hear_of("read").await;
    assert_eq!((&read["message_id"], &read["read_at"]), (&two["message_id"], &Value::Null));
    let mut late = stage.chat("bob", "").await;
    assert_eq!(late.hear_of("hello").await["unread"], 1);
    stage.end().await;
}

async fn texts_arrive_as_they_were_sent(world: World) {
    let stage = Stage::with(world, &[("DIGI_MESSAGE_CHARS_MAX", "4000")]).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    let texts = [
        "  two spaces before, a line behind\n",
        "<script>alert(1)</script> & \"quoted\" 'too'",
        "\u{202e}backwards\u{202c} \u{2066}isolated\u{2069}",
        "\u{1}\u{7f}\u{9f}\u{feff}",
        "e\u{301} is not é, and ﬁ not fi",
        "👩‍👩‍👧 🏳️‍🌈 \u{10ffff}",
        "'; DROP TABLE chat_message; --",
        "%_\\ \u{2028}\u{2029}",
        &"ä".repeat(4000),
    ];
    for text in texts {
        assert_eq!(ann.add(text).await["message"], text);
        assert_eq!(bob.hear_of("chat_message").await["message"], text);
    }
    let history = stage.ask("bob", "GET @/messages/", "").await.json();
    let kept = history["results"].as_array().unwrap().iter();
    assert!(kept.map(|message| message["message"].as_str().unwrap()).eq(texts));
    stage.end().await;
}

async fn a_list_is_told_of_requests_messages_and_what_was_read(world: World) {
    let stage = Stage::start(world).await;
    let (mut ann, mut bob) = (stage.inbox("ann").await, stage.inbox("bob").await);
    let line = async |peer: &mut crate::peer::Peer, until: &dyn Fn(&Value) -> bool| loop {
        let frame = peer.hear_of("inbox").await;
        if until(&frame["connection"]) {
            return frame;
        }
    };
    let body = r#"{"message":"hi"}"#;
    let said = stage.ask("ann", "POST @/messages/", body).await.json();
    let told = line(&mut bob, &|line| line["unread"] == 1 && line["online"] == true).await;
    expect![[r#"{"connection":{"id":"id1","last_message":{"client_id":null,"deleted":false,"edited_at":null,"message":"hi","message_id":"id2","sent_at":"…","seq":1,"user":"ann"},"last_seen":"…","online":true,"state":"accepted","unread":1,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"},"type":"inbox"}"#]].assert_eq(&Transcript::default().line(&told));
    line(&mut ann, &|line| line["last_message"]["message"] == "hi").await;
    let body = json!({ "message_id": said["message_id"] }).to_string();
    assert_eq!(stage.ask("bob", "POST @/read/", &body).await.status, 204);
    line(&mut bob, &|line| line["unread"] == 0).await;
    assert_eq!(stage.ask("cat", "POST connections/", r#"{"username":"BOB"}"#).await.status, 201);
    line(&mut bob, &|line| line["state"] == "pending_in" && line["online"] == false).await;
    bob.say(json!({"type": "ping"})).await;
    assert_eq!(bob.hear().await, json!({"type": "pong"}));
    bob.say(json!({"type": "add", "message": "hi"})).await;
    assert_eq!(bob.hear().await["code"], "invalid");
    stage.end().await;
}

async fn each_list_of_who_leaves_is_told_that_a_line_is_gone_and_of_its_coming_back(world: World) {
    let stage = Stage::start(world).await;
    let mut lists = [stage.inbox("ann").await, stage.inbox("ann").await];
    let mut bob = stage.inbox("bob").await;
    assert_eq!(stage.ask("ann", "DELETE @/", "").await.status, 204);
    for list in &mut lists {
        let gone = list.hear_of("inbox_gone").await;
        assert_eq!(gone, json!({"type": "inbox_gone", "id": stage.id}));
    }
    while bob.hear_of("inbox").await["connection"]["state"] != "declined" {}
    assert_eq!(stage.ask("ann", "POST connections/", r#"{"username":"bob"}"#).await.status, 200);
    for list in &mut lists {
        let back = list.hear_of("inbox").await;
        assert_eq!(back["connection"]["id"], json!(stage.id));
        assert_eq!(back["connection"]["state"], "accepted");
    }
    stage.end().await;
}

async fn what_a_list_is_told_of_a_line_is_never_older_than_what_it_was_told_before(world: World) {
    let stage = Stage::start(world).await;
    let mut list = stage.inbox("bob").await;
    let mut ann = stage.chat("ann", "").await;
    for number in 1..=200 {
        ann.say(json!({"type": "add", "message": format!("{number}")})).await;
        if number % 20 == 0 {
            ann.hear_until(&format!("{number}")).await;
        }
    }
    let mut unread = 0;
    while unread < 200 {
        let line = list.hear_of("inbox").await["connection"].take();
        let now = line["unread"].as_i64().unwrap();
        assert!(now >= unread, "{now} after {unread}");
        unread = now;
    }
    stage.end().await;
}
