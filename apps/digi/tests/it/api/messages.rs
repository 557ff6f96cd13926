//! Messages: said, changed, listed, searched.

use crate::peer::Transcript;
use crate::stage::{KEYS, Stage, serve};
use crate::world::{World, on_both};
use expect_test::expect;
use serde_json::{Value, json};

on_both! {
    messages_are_said_changed_and_listed
    where_the_two_do_not_talk_any_more_one_reads_and_deletes_and_that_is_all
    a_history_is_walked_in_both_directions
    searching_finds_words_in_own_conversations_alone
    ids_stay_while_keys_are_exchanged_for_new_ones
}

async fn messages_are_said_changed_and_listed(world: World) {
    let stage = Stage::with(world, &[("DIGI_MESSAGE_CHARS_MAX", "10")]).await;
    let mut transcript = Transcript::default();
    let said = stage.ask("ann", "POST @/messages/", r#"{"message":"hi","client_id":"a1"}"#).await;
    let id = said.json()["message_id"].as_str().expect("it has one").to_owned();
    let mut told = format!("{} {}\n", said.status, transcript.line(&said.json()));
    for (name, what, body) in [
        ("ann", "POST @/messages/", r#"{"message":"again","client_id":"a1"}"#),
        ("ann", "POST @/messages/", r#"{"message":" "}"#),
        ("ann", "POST @/messages/", r#"{"message":"more than 10"}"#),
        ("ann", "POST @/messages/", r#"{"message":"NUL \u0000"}"#),
        ("ann", "POST @/messages/", r#"{"message":null}"#),
        ("ann", "POST @/messages/", "{}"),
        ("ann", "POST @/messages/", r#"{"message":5}"#),
        ("bob", "PATCH @/messages/<m>/", r#"{"message":"ha"}"#),
        ("bob", "DELETE @/messages/<m>/", ""),
        ("ann", "PATCH @/messages/<m>/", r#"{"message":"ho"}"#),
        ("bob", "POST @/read/", r#"{"message_id":"<m>"}"#),
        ("bob", "POST @/read/", "{}"),
        ("ann", "DELETE @/messages/<m>/", ""),
        ("ann", "DELETE @/messages/<m>/", ""),
        ("ann", "PATCH @/messages/<m>/", r#"{"message":"ho"}"#),
        ("bob", "GET @/messages/", ""),
        ("bob", "GET @/messages/?limit=0", ""),
        ("bob", "GET @/messages/?limit=x", ""),
        ("ann", "PUT @/messages/", ""),
    ] {
        let asked = what.replace("<m>", &id);
        let answer = stage.ask(name, &asked, &body.replace("<m>", &id)).await;
        let shown =
            if answer.body.is_empty() { String::new() } else { transcript.line(&answer.json()) };
        told += &format!("{name} {what} {body} -> {} {shown}\n", answer.status);
    }
    expect![[r#"
        201 {"client_id":"a1","deleted":false,"edited_at":null,"message":"hi","message_id":"id1","sent_at":"…","seq":1,"user":"ann"}
        ann POST @/messages/ {"message":"again","client_id":"a1"} -> 200 {"client_id":"a1","deleted":false,"edited_at":null,"message":"hi","message_id":"id1","sent_at":"…","seq":1,"user":"ann"}
        ann POST @/messages/ {"message":" "} -> 400 {"message":["A message has a text."]}
        ann POST @/messages/ {"message":"more than 10"} -> 400 {"message":["A message has at most 10 characters."]}
        ann POST @/messages/ {"message":"NUL \u0000"} -> 400 {"message":["A message has no NUL in it."]}
        ann POST @/messages/ {"message":null} -> 400 {"message":["This field is required."]}
        ann POST @/messages/ {} -> 400 {"message":["This field is required."]}
        ann POST @/messages/ {"message":5} -> 400 {"detail":"JSON parse error - message: invalid type: integer `5`, expected a string at line 1 column 12"}
        bob PATCH @/messages/<m>/ {"message":"ha"} -> 403 {"detail":"This message is not yours."}
        bob DELETE @/messages/<m>/  -> 403 {"detail":"This message is not yours."}
        ann PATCH @/messages/<m>/ {"message":"ho"} -> 200 {"client_id":"a1","deleted":false,"edited_at":"…","message":"ho","message_id":"id1","sent_at":"…","seq":1,"user":"ann"}
        bob POST @/read/ {"message_id":"<m>"} -> 204 
        bob POST @/read/ {} -> 400 {"message_id":["This field is required."]}
        ann DELETE @/messages/<m>/  -> 204 
        ann DELETE @/messages/<m>/  -> 404 {"detail":"Not found."}
        ann PATCH @/messages/<m>/ {"message":"ho"} -> 404 {"detail":"Not found."}
        bob GET @/messages/  -> 200 {"has_more":false,"results":[{"client_id":"a1","deleted":true,"edited_at":"…","message":"","message_id":"id1","sent_at":"…","seq":1,"user":"ann"}]}
        bob GET @/messages/?limit=0  -> 400 {"limit":["A valid integer from 1 on is required."]}
        bob GET @/messages/?limit=x  -> 400 {"limit":["A valid integer from 1 on is required."]}
        ann PUT @/messages/  -> 405 {"detail":"Method \"PUT\" not allowed."}
    "#]].assert_eq(&told);
    stage.end().await;
}

async fn where_the_two_do_not_talk_any_more_one_reads_and_deletes_and_that_is_all(world: World) {
    let stage = Stage::start(world).await;
    let said = stage.ask("ann", "POST @/messages/", r#"{"message":"hi"}"#).await.json();
    let id = said["message_id"].as_str().expect("it has one");
    assert_eq!(stage.ask("bob", "POST @/block/", "").await.status, 200);
    for (name, what, body, status) in [
        ("ann", "POST @/messages/", r#"{"message":"hi"}"#, 404),
        ("ann", "PATCH @/messages/<m>/", r#"{"message":"ho"}"#, 404),
        ("ann", "POST @/read/", r#"{"message_id":"<m>"}"#, 404),
        ("bob", "POST @/read/", r#"{"message_id":"<m>"}"#, 404),
        ("bob", "GET @/messages/", "", 200),
        ("ann", "DELETE @/messages/<m>/", "", 204),
    ] {
        let answer = stage.ask(name, &what.replace("<m>", id), &body.replace("<m>", id)).await;
        assert_eq!(answer.status, status, "{name} {what}");
    }
    let line = stage.ask("bob", "GET @/", "").await.json();
    assert_eq!((&line["state"], &line["unread"]), (&"blocked".into(), &0.into()));
    stage.end().await;
}

async fn a_history_is_walked_in_both_directions(world: World) {
    let stage = Stage::start(world).await;
    for number in 0..7 {
        let body = json!({ "message": number.to_string() }).to_string();
        assert_eq!(stage.ask("ann", "POST @/messages/", &body).await.status, 201);
    }
    let page = async |query: &str| -> (String, bool, Value) {
        let answer = stage.ask("bob", &format!("GET @/messages/{query}"), "").await.json();
        let results = answer["results"].as_array().expect("a list").clone();
        let texts = results.iter().map(|message| message["message"].as_str().expect("a text"));
        (texts.collect(), answer["has_more"] == true, answer["results"].clone())
    };
    let (texts, has_more, newest) = page("?limit=3").await;
    assert_eq!((texts.as_str(), has_more), ("456", true));
    let first = newest[0]["message_id"].as_str().expect("it has one");
    for (query, wanted) in [
        (format!("?limit=3&before={first}"), ("123", true)),
        (format!("?limit=9&before={first}"), ("0123", false)),
        (format!("?limit=1&after={first}"), ("5", true)),
        (format!("?after={first}"), ("56", false)),
        (format!("?limit=4&around={first}"), ("3456", true)),
        ("?limit=100000".to_owned(), ("0123456", false)),
        (String::new(), ("0123456", false)),
    ] {
        let (texts, has_more, _) = page(&query).await;
        assert_eq!((texts.as_str(), has_more), wanted, "{query}");
    }
    stage.end().await;
}

async fn searching_finds_words_in_own_conversations_alone(world: World) {
    let stage = Stage::start(world).await;
    let other = format!("POST connections/{}/messages/", stage.other);
    for text in ["Grüße aus Köln", "100% sure", "100x sure", "a_b", "axb"] {
        let body = json!({ "message": text }).to_string();
        stage.ask("ann", "POST @/messages/", &body).await;
        stage.ask("cat", &other, &body).await;
    }
    let found = async |query: &str| -> String {
        let answer = stage.ask("bob", &format!("GET search/?{query}"), "").await;
        let json = answer.json();
        let Some(results) = json["results"].as_array() else { return answer.body };
        assert!(results.iter().all(|message| message["connection"] == stage.id.as_str()));
        results
            .iter()
            .map(|it| it["message"].as_str().expect("a text"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut told = String::new();
    let within = format!("q=sure&connection={}", stage.id);
    for query in
        ["q=k%C3%96ln", "q=100%25", "q=a_b", "q=sure", &within, "q=%25%25", "q=x", "", "q=%00%00"]
    {
        let shown = query.replace(&stage.id, "<id>");
        told += &format!("{shown}: {}\n", found(query).await);
    }
    expect![[r#"
        q=k%C3%96ln: Grüße aus Köln
        q=100%25: 100% sure
        q=a_b: a_b
        q=sure: 100x sure, 100% sure
        q=sure&connection=<id>: 100x sure, 100% sure
        q=%25%25: 
        q=x: {"q":["Ensure this field has at least 2 characters."]}
        : {"q":["Ensure this field has at least 2 characters."]}
        q=%00%00: 
    "#]]
    .assert_eq(&told);
    stage.end().await;
}

async fn ids_stay_while_keys_are_exchanged_for_new_ones(world: World) {
    let stage = Stage::start(world).await;
    let said = stage.ask("ann", "POST @/messages/", r#"{"message":"hi"}"#).await.json();
    let [old, new] = KEYS;
    let url = stage.app().settings.database_url.reveal().to_owned();
    // Both keys, the old one first or last, and the new one alone.
    for (keys, is_found, is_same) in [
        (format!("{old},{new}"), true, true),
        (format!("{new},{old}"), true, false),
        (new.to_owned(), false, false),
    ] {
        let other = serve(&url, &[("CHAT_FERNET_KEYS", &keys)]).await;
        let (header, token) = stage.shows("ann").await;
        let headers = [(header, token.as_str())];
        let what = format!("GET connections/{}/messages/", stage.id);
        let answer = crate::stage::ask(other.address(), &what, &headers, "").await;
        assert_eq!(answer.status == 200, is_found, "{keys}");
        if is_found {
            let id = &answer.json()["results"][0]["message_id"];
            assert_eq!(*id == said["message_id"], is_same, "{keys}");
        }
        other.shutdown().await;
    }
    stage.end().await;
}
