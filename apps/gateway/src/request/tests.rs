use super::Request;
use campanile_manager::Message;
use expect_test::{Expect, expect};
use std::fmt::Write;

/// Reads each line as a message, and says what was understood.
fn check(messages: &[&str], expected: &Expect) {
    let mut transcript = String::new();
    for message in messages {
        writeln!(transcript, "{message} -> {}", show(Request::read(Message::Text(message))))
            .unwrap();
    }
    expected.assert_eq(&transcript);
}

fn show(request: Request) -> String {
    let id = |id: Option<_>| id.map_or("nothing".to_owned(), |id| format!("{id:?}"));
    match request {
        Request::Subscribe { id: name, room } => {
            let room = room.map_or("nothing".to_owned(), |room| room.as_str().to_owned());
            format!("subscribe to {room} as {}", id(name))
        }
        Request::Unsubscribe { id: name } => format!("unsubscribe {}", id(name)),
        Request::Status { id: name } => format!("status as {}", id(name)),
        Request::Unknown { id: name, typed: true } => format!("unknown as {}", id(name)),
        Request::Unknown { id: name, typed: false } => format!("no type as {}", id(name)),
        other => format!("{other:?}"),
    }
}

#[test]
fn requests_are_understood_whatever_else_stands_in_them() {
    check(
        &[
            "ping",
            r#"{"type":"subscribe","room":{"b":1,"a":"*"},"requestId":"r"}"#,
            r#" { "requestId" : 7 , "scope" : {"type":"x"} , "room" : {} , "type" : "subscribe" } "#,
            r#"{"type":"unsubscribe","requestId":null,"room":5}"#,
            r#"{"type":"status"}"#,
            r#"{"type":"status","requestId":true,"data":[1,{"room":2}]}"#,
            r#"{"type":"\u0073tatus","req\u0075estId":"\u00e9"}"#,
            r#"{"type":"status","type":"unsubscribe","requestId":1,"requestId":2}"#,
            r#"{"\ud800":"\ud800","type":"status"}"#,
        ],
        &expect![[r#"
            ping -> Ping
            {"type":"subscribe","room":{"b":1,"a":"*"},"requestId":"r"} -> subscribe to {"a":"*","b":1} as "r"
             { "requestId" : 7 , "scope" : {"type":"x"} , "room" : {} , "type" : "subscribe" }  -> subscribe to {} as 7
            {"type":"unsubscribe","requestId":null,"room":5} -> unsubscribe null
            {"type":"status"} -> status as nothing
            {"type":"status","requestId":true,"data":[1,{"room":2}]} -> status as true
            {"type":"\u0073tatus","req\u0075estId":"\u00e9"} -> status as "é"
            {"type":"status","type":"unsubscribe","requestId":1,"requestId":2} -> unsubscribe 2
            {"\ud800":"\ud800","type":"status"} -> status as nothing
        "#]],
    );
}

#[test]
fn an_id_is_a_scalar_and_a_room_an_object() {
    check(
        &[
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","room":{},"requestId":[1]}"#,
            r#"{"type":"subscribe","room":{},"requestId":{}}"#,
            r#"{"type":"subscribe","room":{},"requestId":1e400}"#,
            r#"{"type":"subscribe","room":null,"requestId":1.0}"#,
            r#"{"type":"subscribe","room":"zoo","requestId":""}"#,
            r#"{"type":"subscribe","room":[["zoo",1]],"requestId":false}"#,
            r#"{"type":"subscribe","room":{"n":1e400},"requestId":0}"#,
            r#"{"type":"unsubscribe"}"#,
        ],
        &expect![[r#"
            {"type":"subscribe"} -> subscribe to nothing as nothing
            {"type":"subscribe","room":{},"requestId":[1]} -> subscribe to {} as nothing
            {"type":"subscribe","room":{},"requestId":{}} -> subscribe to {} as nothing
            {"type":"subscribe","room":{},"requestId":1e400} -> subscribe to {} as nothing
            {"type":"subscribe","room":null,"requestId":1.0} -> subscribe to nothing as 1.0
            {"type":"subscribe","room":"zoo","requestId":""} -> subscribe to nothing as ""
            {"type":"subscribe","room":[["zoo",1]],"requestId":false} -> subscribe to nothing as false
            {"type":"subscribe","room":{"n":1e400},"requestId":0} -> subscribe to nothing as 0
            {"type":"unsubscribe"} -> unsubscribe nothing
        "#]],
    );
}

#[test]
fn other_types_are_unknown() {
    check(
        &[
            "{}",
            r#"{"requestId":"r"}"#,
            r#"{"type":"publish","requestId":"r"}"#,
            r#"{"type":"Subscribe"}"#,
            r#"{"type":"subscribe "}"#,
            r#"{"type":"\ud800"}"#,
            r#"{"type":null}"#,
            r#"{"type":["subscribe"]}"#,
            r#"{"type":{}}"#,
        ],
        &expect![[r#"
            {} -> no type as nothing
            {"requestId":"r"} -> no type as "r"
            {"type":"publish","requestId":"r"} -> unknown as "r"
            {"type":"Subscribe"} -> unknown as nothing
            {"type":"subscribe "} -> unknown as nothing
            {"type":"\ud800"} -> unknown as nothing
            {"type":null} -> unknown as nothing
            {"type":["subscribe"]} -> unknown as nothing
            {"type":{}} -> unknown as nothing
        "#]],
    );
}

#[test]
fn json_that_is_no_object_is_told_from_what_is_no_json() {
    check(
        &[
            "[]",
            "5",
            "null",
            "\"ping\"",
            " true ",
            "-0.5e3",
            "",
            " ",
            "ping ",
            "PING",
            "nope",
            "{",
            "{}}",
            "{} {}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{1:2}",
            "[1,]",
            "01",
            "NaN",
            "Infinity",
            "{\"type\":\"status\"",
            "{\"type\":status}",
            "{\"a\":\"\n\"}",
        ],
        &expect![[r#"
            [] -> NotAnObject
            5 -> NotAnObject
            null -> NotAnObject
            "ping" -> NotAnObject
             true  -> NotAnObject
            -0.5e3 -> NotAnObject
             -> NotJson
              -> NotJson
            ping  -> NotJson
            PING -> NotJson
            nope -> NotJson
            { -> NotJson
            {}} -> NotJson
            {} {} -> NotJson
            {'a':1} -> NotJson
            {"a":1,} -> NotJson
            {"a"} -> NotJson
            {1:2} -> NotJson
            [1,] -> NotJson
            01 -> NotJson
            NaN -> NotJson
            Infinity -> NotJson
            {"type":"status" -> NotJson
            {"type":status} -> NotJson
            {"a":"
            "} -> NotJson
        "#]],
    );
}

#[test]
fn bytes_are_read_as_json_and_a_binary_ping_is_no_ping() {
    let read = |bytes: &[u8]| show(Request::read(Message::Binary(bytes)));
    assert_eq!(read(br#"{"type":"unsubscribe","requestId":"s"}"#), "unsubscribe \"s\"");
    assert_eq!(read(b"ping"), "NotJson");
    assert_eq!(read(b"\xff\xff\x80"), "NotJson");
    assert_eq!(read(b"{\"type\":\"\xff\"}"), "NotJson");
    assert_eq!(read(b""), "NotJson");
}

#[test]
fn absurd_nesting_is_no_json() {
    let nested = |depth: usize| {
        let inside = "[".repeat(depth - 1) + &"]".repeat(depth - 1);
        format!(r#"{{"type":"status","data":{inside}}}"#)
    };
    let read = |json: &str| show(Request::read(Message::Text(json)));
    assert_eq!(read(&nested(Request::DEPTH_MAX)), "status as nothing");
    assert_eq!(read(&nested(Request::DEPTH_MAX + 1)), "NotJson");
    assert_eq!(read(&nested(1_000_000)), "NotJson");
    let wide = format!(r#"{{"type":"status","data":[{}0]}}"#, "[],".repeat(1_000));
    assert_eq!(read(&wide), "status as nothing");
    let text = format!(r#"{{"type":"status","data":"\"{}"}}"#, "[".repeat(1_000));
    assert_eq!(read(&text), "status as nothing");
}

/// Cuts the messages above into pieces, puts them together anew, and compares with a parser that
/// builds the whole tree.
#[test]
fn a_tree_would_be_understood_in_the_same_way() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        " ",
        "\\",
        "\\u0074",
        "0",
        "7",
        "-",
        ".5",
        "e3",
        "null",
        "true",
        "subscribe",
        "\"type\":",
        "\"room\":",
        "\"requestId\":",
        "\"subscribe\"",
        "\"status\"",
        "{\"zoo\":1}",
        "{\"type\":\"unsubscribe\",\"requestId\":",
        "\"r\"",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut understood = [0; 3];
    for _ in 0..200_000 {
        let text: String = (0..random(9)).map(|_| PIECES[random(PIECES.len())]).collect();
        let request = Request::read(Message::Text(&text));
        let tree = serde_json::from_str::<serde_json::Value>(&text);
        let kind = tree.as_ref().ok().and_then(|tree| tree.get("type")?.as_str());
        match (&tree, &request) {
            (Err(_), Request::NotJson) => understood[0] += 1,
            (Ok(tree), Request::NotAnObject) if !tree.is_object() => understood[1] += 1,
            (Ok(tree), Request::Unknown { typed, .. }) if tree.is_object() => {
                assert_eq!(*typed, tree.get("type").is_some(), "{text}");
                assert!(!matches!(kind, Some("subscribe" | "unsubscribe" | "status")), "{text}");
                understood[2] += 1;
            }
            (Ok(_), Request::Subscribe { .. }) if kind == Some("subscribe") => understood[2] += 1,
            (Ok(_), Request::Unsubscribe { .. }) if kind == Some("unsubscribe") => {
                understood[2] += 1;
            }
            (Ok(_), Request::Status { .. }) if kind == Some("status") => understood[2] += 1,
            (tree, request) => panic!("{text}: {tree:?} as {request:?}"),
        }
    }
    assert!(understood.iter().all(|&times| times > 1_000), "{understood:?}");
}
