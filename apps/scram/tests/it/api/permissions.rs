//! Who may do what: each row and column of the table that concerns programs.

use crate::stage::Stage;
use crate::world::{World, on_both};
use expect_test::expect;

on_both! {
    who_may_do_what
    a_session_needs_the_anti_forgery_token_for_what_changes_something
}

const ZEEK: &str = r#","uuid":"0eab4c6a-1111-4222-8333-444455556666"}"#;

/// Who asks: the rows of the table. The last one shows what a client is registered by.
const PEOPLE: [&str; 6] = ["nobody", "dan", "cleo", "bob", "ada", "zeek"];

/// What is asked for: the columns.
const REQUESTS: &[(&str, &str)] = &[
    ("GET /health/", ""),
    ("GET is_active/?cidr=192.0.2.1", ""),
    ("GET entries/", ""),
    ("GET ignore_entries/", ""),
    ("GET actiontypes/", ""),
    ("GET actiontypes/block/", ""),
    ("GET /api/v1/", ""),
    ("GET users/", ""),
    ("GET entries/1/", ""),
    ("GET ignore_entries/198.51.100.1/", ""),
    ("POST entries/", r#"{"route":"192.0.2.7","comment":"x"}"#),
    ("POST entries/", r#"{"route":"192.0.2.8","comment":"x","actiontype":"shunt"}"#),
    ("DELETE entries/192.0.2.99/", ""),
    ("POST ignore_entries/", r#"{"route":"203.0.113.255"}"#),
    ("PUT ignore_entries/198.51.100.1/", r#"{"route":"198.51.100.1","comment":"x"}"#),
    ("PATCH ignore_entries/198.51.100.1/", r#"{"comment":"x"}"#),
    ("DELETE ignore_entries/198.51.100.99/", ""),
];

async fn who_may_do_what(world: World) {
    let stage = Stage::start(world, &[]).await;
    let store = &stage.app().store;
    store.add_action_type("shunt", "ada").await.unwrap();
    let register = format!(r#"{{"client_name":"zeek"{ZEEK}"#);
    assert_eq!(stage.ask("nobody", "POST register_client/", &register).await.status, 201);
    store.authorize("zeek", true, &[1]).await.unwrap();
    stage.ask("ada", "POST entries/", r#"{"route":"192.0.2.1","comment":"x"}"#).await;
    let ignored = r#"{"route":"198.51.100.1","comment":"x"}"#;
    stage.ask("ada", "POST ignore_entries/", ignored).await;
    let mut table = format!("{:38}{}\n", "", PEOPLE.join(" "));
    for (what, body) in REQUESTS {
        table += &format!("{what:36}");
        for who in PEOPLE {
            let (who, body) = match who {
                "zeek" if body.is_empty() => ("nobody", String::new()),
                "zeek" => ("nobody", body.replace('}', ZEEK)),
                who => (who, (*body).to_owned()),
            };
            table += &format!("{:>5}", stage.ask(who, what, &body).await.status);
        }
        table.push('\n');
    }
    expect![[r#"
                                              nobody dan cleo bob ada zeek
        GET /health/                          200  200  200  200  200  200
        GET is_active/?cidr=192.0.2.1         200  200  200  200  200  200
        GET entries/                          403  403  200  200  200  403
        GET ignore_entries/                   403  403  200  200  200  403
        GET actiontypes/                      403  403  200  200  200  403
        GET actiontypes/block/                403  403  200  200  200  403
        GET /api/v1/                          403  200  200  200  200  403
        GET users/                            403  200  200  200  200  403
        GET entries/1/                        403  403  200  200  200  403
        GET ignore_entries/198.51.100.1/      403  403  200  200  200  403
        POST entries/                         403  403  403  201  201  201
        POST entries/                         403  403  403  201  201  403
        DELETE entries/192.0.2.99/            403  403  403  204  204  403
        POST ignore_entries/                  403  403  403  400  400  403
        PUT ignore_entries/198.51.100.1/      403  403  403  200  200  403
        PATCH ignore_entries/198.51.100.1/    403  403  403  200  200  403
        DELETE ignore_entries/198.51.100.99/  403  403  403  204  204  403
    "#]]
    .assert_eq(&table);
    let bad = [("Authorization", "Token 0123456789012345678901234567890123456789")];
    let answer = stage.ask_with("GET entries/", &bad, b"").await;
    assert_eq!((answer.status, &*answer.body), (403, r#"{"detail":"Invalid token."}"#));
    stage.end().await;
}

async fn a_session_needs_the_anti_forgery_token_for_what_changes_something(world: World) {
    let stage = Stage::start(world, &[]).await;
    let (cookie, csrf) = stage.log_in("bob").await;
    let body = br#"{"route":"192.0.2.7","comment":"x"}"#;
    let json = ("Content-Type", "application/json");
    let ask = async |what: &str, headers: &[(&str, &str)], body: &[u8]| {
        let headers = [&[("Cookie", &*cookie), json], headers].concat();
        let answer = stage.ask_with(what, &headers, body).await;
        (answer.status, answer.body)
    };
    let told = |detail: &str| (403, format!(r#"{{"detail":"CSRF Failed: {detail}"}}"#));
    assert_eq!(ask("GET entries/", &[], b"").await.0, 200);
    assert_eq!(ask("POST entries/", &[], body).await, told("CSRF token missing."));
    let wrong = [("X-CSRFToken", "wrong")];
    assert_eq!(ask("POST entries/", &wrong, body).await, told("CSRF token incorrect."));
    assert_eq!(ask("DELETE entries/1/", &[], b"").await, told("CSRF token missing."));
    let right = ("X-CSRFToken", &*csrf);
    let foreign = [right, ("Origin", "https://evil.example")];
    assert_eq!(ask("POST entries/", &foreign, body).await, told("Origin checking failed."));
    assert_eq!(ask("POST entries/", &[right], body).await.0, 201);
    assert_eq!(ask("DELETE entries/192.0.2.7/", &[right], b"").await.0, 204);
    stage.end().await;
}
