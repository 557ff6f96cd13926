//! Who is let in, and when that ends.

use crate::peer::Peer;
use crate::stage::{KEYS, Stage, ask, authorization, serve};
use crate::world::{World, on_both};
use campanile_digi::ids::{Ids, Kind};
use campanile_digi::store::{Answer, Store};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use std::collections::BTreeSet;

on_both! {
    only_the_two_who_talk_are_let_in_and_all_others_are_answered_alike
    a_socket_is_closed_when_its_session_ends_or_the_two_stop_talking
    who_is_here_is_told_to_whom_it_concerns
    who_comes_by_an_id_of_the_key_before_is_told_that_of_now_and_is_let_in_by_it_alone_later
    who_is_here_stays_so_though_the_process_was_held_to_be_gone
}

async fn only_the_two_who_talk_are_let_in_and_all_others_are_answered_alike(world: World) {
    let stage = Stage::start(world).await;
    let mut answers = BTreeSet::new();
    for id in bad_ids(&stage).await {
        if id.starts_with("%FF") {
            // A path that is no text is not even an address: 400, before anybody is asked for.
            continue;
        }
        let refused = stage.open("ann", &format!("/ws/chat/{id}/")).await.map(drop);
        let refused = refused.expect_err("it is not let in");
        answers.insert((refused.status, refused.timeless()));
    }
    // One that only was asked for is none yet.
    let asked = stage.ask("ann", "POST connections/", r#"{"username":"cat"}"#).await.json();
    let path = asked["ws_url"].as_str().unwrap();
    for name in ["ann", "cat", "bob"] {
        let refused = stage.open(name, path).await.map(drop).expect_err("it is not let in");
        answers.insert((refused.status, refused.timeless()));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(answers.first().map(|(status, _)| *status), Some(404));
    stage.chat("ann", "").await.hear_of("hello").await;
    stage.end().await;
}

/// Returns what is no id of a conversation of ann's, as it may stand in a path.
pub(crate) async fn bad_ids(stage: &Stage) -> Vec<String> {
    let id = stage.id.as_str();
    let said = stage.ask("ann", "POST @/messages/", r#"{"message":"x"}"#).await.json();
    let other_key = Ids::of_keys(KEYS[1]).expect("it is one");
    let number = stage.app().frames.conversation_of(id);
    let flipped = |place: usize| {
        // Written so that it may stand in a path, whatever it is.
        let (before, after) = id.split_at(place);
        format!("{before}%{:02X}{}", after.as_bytes()[0] ^ 1, &after[1..])
    };
    let mut bad: Vec<String> = (0..id.len()).map(flipped).collect();
    bad.extend([
        // Another's, a message's, one of a key that is gone, and plain numbers.
        stage.other.clone(),
        said["message_id"].as_str().expect("it has one").to_owned(),
        other_key.encrypt(Kind::Conversation, number, 0),
        number.to_string(),
        "0".to_owned(),
        "c:1".to_owned(),
        // One of this key that no row has.
        stage.app().settings.ids.encrypt(Kind::Conversation, 999_999, 0),
        // Of the right number, but spelled in another way.
        id.trim_end_matches('=').to_owned(),
        format!("{id}="),
        format!("{id}%0A"),
        format!("%20{id}"),
        format!("{id}{id}"),
        id[..id.len() / 2].to_owned(),
        id.to_lowercase(),
        // The example of the document that this chat is made after.
        EXAMPLE.to_owned(),
        // What is no text, or no text that a database takes.
        "%FF%FE".to_owned(),
        "%00".to_owned(),
        "x".repeat(5_000),
    ]);
    bad
}

const EXAMPLE: &str = "Z0FBQUFBQm15MzYtMnQ5cTVZTkRPYkc5Q1A2Y0pZdUVzWUFvM1ZUcFgwRUU1aG1BWEZYY0ZnU1hhYVdOZGdHMTZ3VnZPUlRFWXRPUTRFVVU1N0ZRUGVoSXVlb1Q0S0ZfMWc9PQ==";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_other_sites_pages_are_refused_before_the_websocket_opens() {
    let stage = Stage::start(World::sqlite()).await;
    let chat = format!("/ws/chat/{}/", stage.id);
    let (cookies, _) = stage.log_in("ann").await;
    let own = format!("http://{}", stage.address());
    let token = stage.shows("ann").await.1;
    let ann = ("Cookie", cookies.as_str());
    for path in [chat.as_str(), "/ws/inbox/"] {
        let refused: [&[(&str, &str)]; 7] = [
            &[],
            &[("Origin", &own)],
            &[("Cookie", "sessionid=0"), ("Origin", &own)],
            &[ann, ("Origin", "http://evil.example")],
            &[ann, ("Origin", "null")],
            &[ann],
            &[("Authorization", "Token 0123456789012345678901234567890123456789")],
        ];
        for headers in refused {
            let refused = Peer::open(stage.address(), path, headers).await.map(drop);
            assert_eq!(refused.expect_err("it is refused").status, 403, "{headers:?}");
        }
        let let_in: [&[(&str, &str)]; 3] = [
            &[ann, ("Origin", &own)],
            &[("Authorization", &token)],
            &[("Authorization", &token), ("Origin", &own)],
        ];
        for headers in let_in {
            assert!(Peer::open(stage.address(), path, headers).await.is_ok(), "{headers:?}");
        }
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_origins_that_are_set_may_open_sockets_and_no_others() {
    let allowed = [("DIGI_ALLOWED_ORIGINS", "https://chat.example, https://other.example:8443")];
    let stage = Stage::with(World::sqlite(), &allowed).await;
    let (cookies, _) = stage.log_in("ann").await;
    let own = format!("http://{}", stage.address());
    for (origin, is_let_in) in [
        ("https://chat.example", true),
        ("https://other.example:8443", true),
        ("http://chat.example", false),
        ("https://chat.example.evil.example", false),
        (&own, false),
    ] {
        let headers = [("Cookie", cookies.as_str()), ("Origin", origin)];
        let opened = Peer::open(stage.address(), "/ws/inbox/", &headers).await;
        assert_eq!(opened.is_ok(), is_let_in, "{origin}");
    }
    stage.end().await;
}

async fn a_socket_is_closed_when_its_session_ends_or_the_two_stop_talking(world: World) {
    let stage = Stage::start(world).await;
    let (cookies, csrf) = stage.log_in("ann").await;
    let own = format!("http://{}", stage.address());
    let headers = [("Cookie", cookies.as_str()), ("Origin", own.as_str())];
    let path = format!("/ws/chat/{}/", stage.id);
    let mut ann = Peer::open(stage.address(), &path, &headers).await.expect("it is let in");
    let mut list = Peer::open(stage.address(), "/ws/inbox/", &headers).await.expect("it is let in");
    let (mut ann2, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    bob.hear_of("hello").await;
    let headers = [("Cookie", cookies.as_str()), ("X-CSRFToken", csrf.as_str())];
    let out = ask(stage.address(), "POST /auth/logout/", &headers, "").await;
    assert_eq!(out.status, 302, "{out:?}");
    assert_eq!((ann.closed().await, list.closed().await), (4401, 4401));
    // Another session of the same user is not concerned.
    let said = ann2.add("still here").await;
    assert_eq!(bob.hear().await, said);

    assert_eq!(stage.ask("bob", "POST @/block/", "").await.status, 200);
    assert_eq!((ann2.closed().await, bob.closed().await), (4403, 4403));
    assert!(stage.open("ann", &path).await.is_err() && stage.open("bob", &path).await.is_err());
    assert_eq!(stage.ask("bob", "POST @/unblock/", "").await.status, 200);
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    assert_eq!(ann.hear_of("hello").await["last_seq"], 1);
    assert_eq!(stage.ask("ann", "DELETE @/", "").await.status, 204);
    assert_eq!((ann.closed().await, bob.closed().await), (4403, 4403));
    stage.end().await;
}

async fn who_is_here_is_told_to_whom_it_concerns(world: World) {
    let stage = Stage::start(world).await;
    let mut ann = stage.chat("ann", "").await;
    let before = ann.hear_of("presence").await;
    assert_eq!(
        before,
        json!({"type": "presence", "user": "bob", "online": false, "last_seen": null})
    );
    let mut list = stage.inbox("ann").await;
    let (bob, bob2) = (stage.chat("bob", "").await, stage.inbox("bob").await);
    let come = ann.hear_of("presence").await;
    assert_eq!((&come["user"], &come["online"]), (&"bob".into(), &true.into()));
    while list.hear_of("inbox").await["connection"]["online"] != true {}
    // A page that is loaded anew was never away; the last socket counts.
    bob.leave().await;
    let bob = stage.chat("bob", "").await;
    bob2.leave().await;
    ann.add("still").await;
    bob.leave().await;
    let gone = ann.hear_of("presence").await;
    assert_eq!((&gone["user"], &gone["online"]), (&"bob".into(), &false.into()));
    assert!(gone["last_seen"].is_string());
    while list.hear_of("inbox").await["connection"]["online"] != false {}
    let line = stage.ask("ann", "GET @/", "").await.json();
    assert_eq!((&line["online"], &line["last_seen"]), (&false.into(), &gone["last_seen"]));
    stage.end().await;
}

async fn who_is_here_stays_so_though_the_process_was_held_to_be_gone(world: World) {
    let stage = Stage::start(world).await;
    let mut ann = stage.chat("ann", "").await;
    let _bob = stage.chat("bob", "").await;
    while ann.hear_of("presence").await["online"] != true {}
    // As when it could not reach the database for a while.
    let database = stage.app().store.database();
    let other = Store::new(database.clone(), "other", stage.app().settings.limits);
    let bob = stage.number("bob").await;
    loop {
        let long_ago = "UPDATE process SET beat = '2000-01-01T00:00:00+00:00'";
        database.writer().execute_unprepared(long_ago).await.expect("it is written");
        // Unless it has just said that it lives.
        if other.sweep().await.expect("it sweeps").contains(&bob) {
            break;
        }
    }
    let here = ann.hear_of("presence").await;
    assert_eq!((&here["user"], &here["online"]), (&"bob".into(), &true.into()));
    let line = stage.ask("ann", "GET @/", "").await.json();
    assert_eq!(line["online"], true);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_only_so_many_sockets() {
    let stage = Stage::with(World::sqlite(), &[("DIGI_SOCKETS_PER_USER_MAX", "3")]).await;
    let one = stage.chat("ann", "").await;
    let (_two, _three) = (stage.chat("ann", "").await, stage.inbox("ann").await);
    for path in [format!("/ws/chat/{}/", stage.id), "/ws/inbox/".to_owned()] {
        let refused = stage.open("ann", &path).await.map(drop).expect_err("that were all");
        assert_eq!(refused.status, 429);
    }
    // Whoever is not let in learns nothing of how many there are.
    let stranger = format!("/ws/chat/{}/", stage.other);
    assert_eq!(stage.open("ann", &stranger).await.map(drop).expect_err("not hers").status, 404);
    stage.chat("bob", "").await.hear_of("hello").await;
    one.leave().await;
    let mut tries = 0;
    while stage.open("ann", "/ws/inbox/").await.is_err() {
        tries += 1;
        assert!(tries < 1000, "the place is not given back");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_talk_any_more_tells_nothing_even_if_its_socket_did_not_hear_of_it() {
    let stage = Stage::start(World::sqlite()).await;
    let (mut ann, mut bob) = (stage.chat("ann", "").await, stage.chat("bob", "").await);
    let said = bob.add("hi").await["message_id"].take();
    ann.hear_until("hi").await;
    let (number, store) = (stage.number("bob").await, &stage.app().store);
    let conversation = stage.app().frames.conversation_of(&stage.id);
    // As if what tells the sockets of it were lost.
    store.answer(number, conversation, Answer::Block).await.unwrap();
    ann.say(json!({"type": "read", "message_id": said})).await;
    assert_eq!(ann.hear().await["code"], "not_found");
    ann.say(json!({"type": "typing", "typing": true})).await;
    assert_eq!(ann.closed().await, 4403);
    // Who says nothing is looked for now and then.
    while let Ok(frame) = bob.next().await {
        assert!(!["typing", "read"].contains(&frame["type"].as_str().unwrap()), "{frame}");
    }
    assert!(stage.open("bob", &format!("/ws/chat/{}/", stage.id)).await.is_err());
    stage.end().await;
}

async fn who_comes_by_an_id_of_the_key_before_is_told_that_of_now_and_is_let_in_by_it_alone_later(
    world: World,
) {
    let stage = Stage::at(&world.url, &[]).await;
    let (ann, before) = (stage.number("ann").await, stage.id.clone());
    assert_eq!(stage.chat("ann", "").await.hear_of("hello").await["connection"], json!(before));
    stage.end().await;
    let mut now = json!(null);
    let both = format!("{},{}", KEYS[1], KEYS[0]);
    for (keys, is_let_in) in [(both.as_str(), true), (KEYS[1], false)] {
        let server = serve(&world.url, &[("CHAT_FERNET_KEYS", keys)]).await;
        let shown = authorization(server.app(), ann).await;
        let open = async |id: &str| {
            let path = format!("/ws/chat/{id}/");
            Peer::open(server.address(), &path, &[("Authorization", &shown)]).await
        };
        match open(&before).await {
            Ok(mut peer) => now = peer.hear_of("hello").await["connection"].take(),
            Err(refused) => assert_eq!((refused.status, is_let_in), (404, false)),
        }
        assert_ne!(now, json!(before));
        let mut peer = open(now.as_str().unwrap()).await.expect("it is let in");
        assert_eq!(peer.hear_of("hello").await["connection"], now);
        server.shutdown().await;
    }
}
