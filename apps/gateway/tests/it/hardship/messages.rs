//! Messages that are no requests, and frames that are no frames, beyond those of `protocol/errors.txt`.

use super::raw::{Raw, frame};
use super::{Witness, comes_to, start};
use crate::support::campanile::Campanile;
use expect_test::expect;
use serde_json::Value;

/// Sends bytes and a ping on a new connection, and says what came until the pong or the end.
async fn answers(campanile: &Campanile, bytes: &[u8]) -> String {
    let mut raw = Raw::open(campanile.public).await;
    let ping = frame(0x89, b"?");
    let (mut reading, mut writing) = raw.split();
    // What is sent after the server has closed is in vain, and must not keep us from reading.
    let sending = async {
        writing.send(bytes).await;
        writing.send(&ping).await;
        std::future::pending::<()>().await;
    };
    let receiving = async {
        let mut said = String::new();
        while let Some((first, payload)) = reading.frame().await {
            match (first, payload.get(..2)) {
                (0x8a, _) => return said + "and stays open",
                (0x88, Some(code)) => {
                    let code = u16::from_be_bytes([code[0], code[1]]);
                    let reason = String::from_utf8_lossy(&payload[2..]);
                    return format!("{said}closed {code} {reason}").trim_end().to_owned();
                }
                (0x88, None) => return said + "closed without a code",
                _ => said.push_str(&reply(&payload)),
            }
        }
        said + "hung up"
    };
    tokio::select! { said = receiving => said, () = sending => String::new() }
}

/// Says what a reply means, without the names of connections in it.
fn reply(payload: &[u8]) -> String {
    let reply: Value = serde_json::from_slice(payload).expect("replies are JSON");
    let what = reply.get("message").or(reply.get("code")).and_then(Value::as_str);
    format!("{}, ", what.unwrap_or("something else"))
}

async fn check(cases: Vec<(&str, Vec<u8>)>, expected: expect_test::Expect) {
    let (campanile, _backend) = start(|start| start).await;
    let mut witness = Witness::subscribe(&campanile).await;
    let mut transcript = String::new();
    for (name, bytes) in cases {
        let said = answers(&campanile, &bytes).await;
        transcript.push_str(&format!("{name}: {said}\n"));
        witness.is_unharmed(&campanile).await;
    }
    expected.assert_eq(&transcript);
    comes_to(&campanile, "campanile_connections", 1).await;
    comes_to(&campanile, "campanile_subscriptions", 1).await;
}

fn text(text: impl AsRef<str>) -> Vec<u8> {
    frame(0x81, text.as_ref().as_bytes())
}

fn subscribe(room: &str, id: &str) -> Vec<u8> {
    text(format!(r#"{{"type":"subscribe","room":{room},"requestId":{id}}}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_request_is_answered_by_what_is_wrong_with_it() {
    const LONG: usize = 1 << 20;
    let (long, many) = ("x".repeat(LONG), vec!["1"; LONG / 2].join(","));
    let keys: Vec<String> = (0..LONG / 12).map(|key| format!("\"{key:06}\":1")).collect();
    let room = r#"{"room":1}"#;
    let cases = vec![
        ("nothing", text("")),
        ("a zero byte", text("\0")),
        ("a byte order mark", text("\u{feff}{}")),
        ("two objects", text("{}{}")),
        ("a type that is a list", text(r#"{"type":["subscribe"]}"#)),
        ("100,000 lists in each other", text("[".repeat(100_000))),
        ("a megabyte that is not JSON", text(&long)),
        ("requestId is null", subscribe(room, "null")),
        ("requestId is true", subscribe(room, "true")),
        ("requestId is 1.5", subscribe(room, "1.5")),
        ("requestId is an object", subscribe(room, "{}")),
        ("requestId is empty", subscribe(room, r#""""#)),
        ("requestId is a megabyte", subscribe(room, &format!("\"{long}\""))),
        ("unsubscribe of a list", text(r#"{"type":"unsubscribe","requestId":[]}"#)),
        ("room is null", subscribe("null", "1")),
        ("room is true", subscribe("true", "1")),
        ("room is a number", subscribe("5", "1")),
        ("room is an empty list", subscribe("[]", "1")),
        ("room is an empty object", subscribe("{}", "1")),
        ("room has the wrong keys", subscribe(r#"{"zoo":1}"#, "1")),
        ("room has the same key twice", subscribe(r#"{"room":1,"room":2}"#, "1")),
        ("room has half a surrogate pair", subscribe(r#"{"room":"\ud800"}"#, "1")),
        ("room is a list of a megabyte", subscribe(&format!("[{many}]"), "1")),
        ("room is a value of a megabyte", subscribe(&format!(r#"{{"room":"{long}"}}"#), "1")),
        ("room is a key of a megabyte", subscribe(&format!(r#"{{"{long}":1}}"#), "1")),
        ("room is a megabyte of keys", subscribe(&format!("{{{}}}", keys.join(",")), "1")),
    ];
    check(
        cases,
        expect![[r#"
        nothing: non-json-message, and stays open
        a zero byte: non-json-message, and stays open
        a byte order mark: non-json-message, and stays open
        two objects: non-json-message, and stays open
        a type that is a list: message-type-not-allowed, and stays open
        100,000 lists in each other: non-json-message, and stays open
        a megabyte that is not JSON: non-json-message, and stays open
        requestId is null: success, and stays open
        requestId is true: success, and stays open
        requestId is 1.5: success, and stays open
        requestId is an object: no-request-id, and stays open
        requestId is empty: success, and stays open
        requestId is a megabyte: no-request-id, and stays open
        unsubscribe of a list: no-request-id, and stays open
        room is null: room-not-found, and stays open
        room is true: room-not-found, and stays open
        room is a number: room-not-found, and stays open
        room is an empty list: room-not-found, and stays open
        room is an empty object: room-not-found, and stays open
        room has the wrong keys: room-not-found, and stays open
        room has the same key twice: success, and stays open
        room has half a surrogate pair: success, and stays open
        room is a list of a megabyte: room-not-found, and stays open
        room is a value of a megabyte: room-not-found, and stays open
        room is a key of a megabyte: room-not-found, and stays open
        room is a megabyte of keys: room-not-found, and stays open
    "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_breaks_the_protocol_is_closed_upon_with_the_code_for_it() {
    let unmasked = br#"{"type":"status","requestId":1}"#;
    let in_fragments: Vec<u8> = (0..17)
        .flat_map(|number| frame(if number == 0 { 0x01 } else { 0 }, &vec![b' '; 1 << 20]))
        .collect();
    let cases = vec![
        ("not masked", [&[0x81, unmasked.len() as u8], &unmasked[..]].concat()),
        ("2^62 bytes announced", b"\x81\xff\x40\0\0\0\0\0\0\0".to_vec()),
        ("2^63 bytes announced", b"\x81\xff\x80\0\0\0\0\0\0\0".to_vec()),
        ("17 MiB in one frame", frame(0x81, &vec![b' '; 17 << 20])),
        ("17 MiB in fragments", in_fragments),
        ("16 MiB are allowed", frame(0x81, &vec![b' '; 16 << 20])),
        ("a length that is longer than needed", b"\x81\xfe\0\x01\0\0\0\0x".to_vec()),
        ("text that is not UTF-8", frame(0x81, b"{\xff}")),
        ("text that ends within a character", frame(0x81, b"\xe2\x98")),
        ("a close reason that is not UTF-8", frame(0x88, b"\x03\xe8\xff")),
        ("a close code of one byte", frame(0x88, b"\x03")),
        ("a close code that is not for sending", frame(0x88, b"\x03\xed")),
        ("a reserved opcode", frame(0x83, b"")),
        ("a reserved bit", frame(0xa1, b"")),
        ("a compressed frame that was not agreed on", frame(0xc1, b"")),
        ("a ping of 126 bytes", frame(0x89, &[b'x'; 126])),
        ("a ping in fragments", frame(0x09, b"")),
        ("a fragment of nothing", frame(0x80, b"")),
        ("a message in a message", [frame(0x01, b"{"), frame(0x81, b"}")].concat()),
        ("another request", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("binary nonsense", frame(0x82, &[0xff; 1000])),
    ];
    check(cases, expect![[r#"
        not masked: closed 1002 a client's frame was not masked
        2^62 bytes announced: closed 1009 a frame was too long
        2^63 bytes announced: closed 1002 a frame's length was over 63 bits
        17 MiB in one frame: closed 1009 a frame was too long
        17 MiB in fragments: closed 1009 a message was too long
        16 MiB are allowed: non-json-message, and stays open
        a length that is longer than needed: closed 1002 a frame's length was longer than it needed to be
        text that is not UTF-8: closed 1007 a text message was not UTF-8
        text that ends within a character: closed 1007 a text message was not UTF-8
        a close reason that is not UTF-8: closed 1007 a close frame's reason was not UTF-8
        a close code of one byte: closed 1002 a close frame had half a code
        a close code that is not for sending: closed 1002 a close frame had a code that must not be sent
        a reserved opcode: closed 1002 a reserved opcode was used
        a reserved bit: closed 1002 a reserved bit was set
        a compressed frame that was not agreed on: closed 1002 a reserved bit was set
        a ping of 126 bytes: closed 1002 a control frame was over 125 bytes
        a ping in fragments: closed 1002 a control frame was fragmented
        a fragment of nothing: closed 1002 a continuation had no message to continue
        a message in a message: closed 1002 a message began before the last one's end
        another request: closed 1002 a reserved opcode was used
        binary nonsense: non-json-message, and stays open
    "#]]).await;
}
