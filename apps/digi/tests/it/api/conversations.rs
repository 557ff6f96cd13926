//! Conversations: asked for, answered, left.

use crate::peer::Transcript;
use crate::sockets::letting_in::bad_ids;
use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;
use std::collections::BTreeSet;

on_both! {
    a_conversation_is_asked_for_answered_blocked_and_left
    whatever_is_wrong_with_an_id_the_answer_is_the_same
}

async fn a_conversation_is_asked_for_answered_blocked_and_left(world: World) {
    let stage = Stage::with(world, &[("DIGI_REQUESTS_PER_DAY_MAX", "2")]).await;
    let mut transcript = Transcript::default();
    let mut told = String::new();
    let asked = stage.ask("ann", "POST connections/", r#"{"username":"cat"}"#).await;
    let id = asked.json()["id"].as_str().expect("it has one").to_owned();
    told += &format!("{} {}\n", asked.status, transcript.line(&asked.json()));
    let one = |what: &str| format!("connections/{id}/{what}");
    for (name, what, body) in [
        ("ann", "POST connections/".to_owned(), r#"{"username":"cat"}"#),
        ("ann", format!("POST {}", one("accept/")), ""),
        ("cat", format!("GET {}", one("")), ""),
        ("cat", format!("POST {}", one("decline/")), ""),
        ("ann", format!("POST {}", one("accept/")), ""),
        ("cat", "POST connections/".to_owned(), r#"{"username":"ANN"}"#),
        ("cat", format!("POST {}", one("block/")), ""),
        ("ann", format!("POST {}", one("unblock/")), ""),
        ("ann", "POST connections/".to_owned(), r#"{"username":"cat"}"#),
        ("ann", "POST connections/".to_owned(), r#"{"username":"nobody"}"#),
        ("ann", format!("POST {}", one("messages/")), r#"{"message":"x"}"#),
        ("cat", format!("POST {}", one("unblock/")), ""),
        ("cat", format!("DELETE {}", one("")), ""),
        ("cat", format!("GET {}", one("")), ""),
        ("ann", format!("GET {}", one("")), ""),
        ("ann", "POST connections/".to_owned(), r#"{"username":"ann"}"#),
        ("ann", "POST connections/".to_owned(), r#"{"username":"dan"}"#),
        ("ann", "POST connections/".to_owned(), "{}"),
        ("ann", "POST connections/".to_owned(), "[1]"),
        ("nobody", "GET connections/".to_owned(), ""),
    ] {
        let answer = stage.ask(name, &what, body).await;
        let shown = match answer.body.as_str() {
            "" => String::new(),
            _ => transcript.line(&answer.json()),
        };
        let what = what.replace(&id, "<id>");
        told += &format!("{name} {what} {body} -> {} {shown}\n", answer.status);
    }
    expect![[r#"
        201 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"pending_out","unread":0,"user":{"name":"","username":"cat"},"ws_url":"/ws/chat/…/"}
        ann POST connections/ {"username":"cat"} -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"pending_out","unread":0,"user":{"name":"","username":"cat"},"ws_url":"/ws/chat/…/"}
        ann POST connections/<id>/accept/  -> 403 {"detail":"You do not have permission to perform this action."}
        cat GET connections/<id>/  -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"pending_in","unread":0,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"}
        cat POST connections/<id>/decline/  -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"declined","unread":0,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"}
        ann POST connections/<id>/accept/  -> 403 {"detail":"You do not have permission to perform this action."}
        cat POST connections/ {"username":"ANN"} -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"accepted","unread":0,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"}
        cat POST connections/<id>/block/  -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"blocked","unread":0,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"}
        ann POST connections/<id>/unblock/  -> 403 {"detail":"You do not have permission to perform this action."}
        ann POST connections/ {"username":"cat"} -> 404 {"detail":"Not found."}
        ann POST connections/ {"username":"nobody"} -> 404 {"detail":"Not found."}
        ann POST connections/<id>/messages/ {"message":"x"} -> 404 {"detail":"Not found."}
        cat POST connections/<id>/unblock/  -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"accepted","unread":0,"user":{"name":"","username":"ann"},"ws_url":"/ws/chat/…/"}
        cat DELETE connections/<id>/  -> 204 
        cat GET connections/<id>/  -> 404 {"detail":"Not found."}
        ann GET connections/<id>/  -> 200 {"id":"id1","last_message":null,"last_seen":null,"online":false,"state":"declined","unread":0,"user":{"name":"","username":"cat"},"ws_url":"/ws/chat/…/"}
        ann POST connections/ {"username":"ann"} -> 400 {"username":["You cannot talk to yourself."]}
        ann POST connections/ {"username":"dan"} -> 429 {"detail":"You may ask for 2 conversations in a day. Try tomorrow."}
        ann POST connections/ {} -> 400 {"username":["This field is required."]}
        ann POST connections/ [1] -> 400 {"detail":"JSON parse error - [0]: invalid type: integer `1`, expected a string at line 1 column 2"}
        nobody GET connections/  -> 403 {"detail":"Authentication credentials were not provided."}
    "#]].assert_eq(&told);
    stage.end().await;
}

async fn whatever_is_wrong_with_an_id_the_answer_is_the_same(world: World) {
    let stage = Stage::start(world).await;
    let said = stage.ask("ann", "POST @/messages/", r#"{"message":"mine"}"#).await.json();
    let said = said["message_id"].as_str().expect("it has one").to_owned();
    let mut answers = BTreeSet::new();
    for id in bad_ids(&stage).await {
        let answer = stage.ask("ann", &format!("GET connections/{id}/"), "").await;
        answers.insert(answer.timeless());
    }
    // What can be asked of a conversation is asked of others', and of messages that are none here.
    let body = r#"{"message":"x","message_id":"x"}"#;
    for what in ["accept/", "decline/", "block/", "unblock/", "read/", "messages/"] {
        let what = format!("POST connections/{}/{what}", stage.other);
        answers.insert(stage.ask("ann", &what, body).await.timeless());
    }
    for what in ["GET", "DELETE"] {
        let what = format!("{what} connections/{}/", stage.other);
        answers.insert(stage.ask("ann", &what, "").await.timeless());
    }
    let (id, other) = (&stage.id, &stage.other);
    for (within, message) in [(other, &said), (id, other), (id, id), (id, &"x".to_owned())] {
        for method in ["PATCH", "DELETE"] {
            let what = format!("{method} connections/{within}/messages/{message}/");
            answers.insert(stage.ask("ann", &what, body).await.timeless());
        }
        for which in ["before", "after", "around"] {
            let what = format!("GET connections/{within}/messages/?{which}={message}");
            answers.insert(stage.ask("ann", &what, "").await.timeless());
        }
    }
    let what = format!("GET search/?q=xx&connection={other}");
    answers.insert(stage.ask("ann", &what, "").await.timeless());
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let answer = answers.first().expect("there is one");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.ends_with("\n\n{\"detail\":\"Not found.\"}"), "{answer}");
    // The right one is found as it is, and encoded.
    for id in [stage.id.clone(), stage.id.replace('=', "%3D")] {
        let found = stage.ask("ann", &format!("GET connections/{id}/"), "").await;
        assert_eq!((found.status, found.json()["id"].as_str()), (200, Some(stage.id.as_str())));
    }
    stage.end().await;
}
