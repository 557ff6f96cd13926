//! What nobody in good faith sends: an answer to each, and the server lives.

use crate::stage::Stage;
use crate::world::{World, on_both};

on_both! {
    whatever_is_sent_is_answered_and_nothing_is_added
}

async fn whatever_is_sent_is_answered_and_nothing_is_added(world: World) {
    let stage = Stage::start(world, &[]).await;
    let token = format!("Token {}", stage.token("bob").await);
    let json = |body: Vec<u8>| ("application/json", body);
    let form = |body: &str| ("application/x-www-form-urlencoded", body.as_bytes().to_vec());
    let field = |name: &str, value: &str| {
        let mut all = serde_json::json!({"route": "192.0.2.1", "comment": "x"});
        all[name] = value.into();
        json(all.to_string().into_bytes())
    };
    let long = "9".repeat(10_001);
    let deep = "[".repeat(30_000);
    let sent = [
        (400, json(vec![])),
        (400, json(b"{\"route\":\xff\xfe}".to_vec())),
        (400, json(format!("{{\"route\":{deep}").into_bytes())),
        (400, json(deep.into_bytes())),
        (400, json(format!("{{\"route\":{long}}}").into_bytes())),
        (400, json(b"{\"route\":\"192.0.2.1\",\"comment\":1e999}".to_vec())),
        (400, field("route", &long)),
        (400, field("route", "192.0.2.1\0")),
        (400, field("comment", "a\0b")),
        (400, field("comment", &long)),
        (400, field("actiontype", &long)),
        (400, field("actiontype", "blo\0ck")),
        (400, field("actiontype", "'; DROP TABLE entry; --")),
        (400, field("who", &long)),
        (400, field("who", "\0")),
        (400, field("uuid", &long)),
        (400, field("expiration", &long)),
        (400, field("expiration", "99999-01-01T00:00:00Z")),
        (400, form("route[]=192.0.2.1&comment[]=x")),
        (400, form("route=192.0.2.1&comment=%00")),
        (400, form("%ff=%ff&route=%fe&comment=x")),
        (400, form("&&&===")),
        (413, json(vec![b' '; 65 << 10])),
        (413, form(&"a=b&".repeat(20_000))),
        (415, ("text/xml", b"<a/>".to_vec())),
        (415, ("multipart/form-data; boundary=x", b"--x--".to_vec())),
    ];
    for (status, (kind, body)) in sent {
        let headers = [("Authorization", token.as_str()), ("Content-Type", kind)];
        let answer = stage.ask_with("POST entries/", &headers, &body).await;
        let body = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(answer.status, status, "{kind} {body}: {answer:?}");
        assert!(answer.json().is_object(), "{kind} {body}");
    }
    for (status, what) in [
        (414, format!("GET entries/?page={long}")),
        (404, format!("GET entries/?page={}", &long[..2000])),
        (400, format!("GET entries/{long}.1/")),
        (404, format!("GET entries/{long}/")),
        (400, "GET entries/%00/".to_owned()),
        (400, "GET entries/%ff%fe/".to_owned()),
        (400, "GET entries//".to_owned()),
        (400, "GET entries/../../".to_owned()),
        (400, "DELETE ignore_entries/%ff/".to_owned()),
        (404, "GET users/%00/".to_owned()),
        (404, "GET actiontypes/%ff/".to_owned()),
        (405, "TRACE entries/".to_owned()),
        (405, "BREW entries/".to_owned()),
    ] {
        let answer = stage.ask_with(&what, &[("Authorization", &*token)], b"").await;
        assert_eq!(answer.status, status, "{what:.60}: {answer:?}");
        assert!(answer.json().is_object(), "{what:.60}");
    }
    assert_eq!(stage.app().store.last_event().await.unwrap(), 0);
    // Whoever writes the Host does not write it into what others are answered.
    let headers = [("Authorization", token.as_str()), ("Host", "evil.example/\"<script>")];
    let answer = stage.ask_with("GET users/me/", &headers, b"").await;
    assert!(!answer.body.contains("script"), "{answer:?}");
    stage.end().await;
}
