//! Triggers as they come, and what is made of them.

use super::Trigger;
use crate::config::{self, Config};
use expect_test::{Expect, expect};
use std::fmt::Write;

/// Reads each line as a trigger, and says what it publishes or why it does not.
fn check(bodies: &[&str], expected: &Expect) {
    let config = config::Trigger { rooms_max: 3, ..Config::default().trigger };
    let mut said = String::new();
    for body in bodies {
        let line = match Trigger::read(body.as_bytes(), &config) {
            Err(bad) => format!("refused: {bad}"),
            Ok(Trigger { publication, skipped, has_literal_star, id, exclude, .. }) => {
                let rooms: Vec<&str> = publication.rooms.iter().map(|room| room.as_str()).collect();
                let shared = String::from_utf8_lossy(publication.shared());
                let star = if has_literal_star { ", a literal star" } else { "" };
                let matching = publication.matching;
                let id = id.map_or_else(String::new, |id| format!(", id {id}"));
                let mut without = String::new();
                if let Some(connection) = exclude.connection {
                    write!(without, ", without {connection}").expect("a String takes all");
                }
                if let Some(user) = exclude.user {
                    write!(without, ", without user {user}").expect("a String takes all");
                }
                let rooms = rooms.join(" ");
                format!("{matching:?} [{rooms}], {skipped} skipped{star}{id}{without}: {shared}")
            }
        };
        writeln!(said, "{line}").expect("a String takes all");
    }
    expected.assert_eq(&said);
}

#[test]
fn data_stays_the_text_it_was_and_bad_rooms_are_skipped() {
    check(
        &[
            r#"{"rooms":[{"b":1,"a":2}],"data": [1.10, 12345678901234567890123, "\ud800"] }"#,
            r#" {"data":null,"rooms":["x",{"a":"*"},7],"match":"literal"}"#,
            r#"{"rooms":{"a":1},"data":1}"#,
            r#"{"rooms":[{"a":"*"}],"data":1,"match":"pattern","\udfff":2}"#,
        ],
        &expect![[r#"
            Literal [{"a":2,"b":1}], 0 skipped: {"type":"publish","data":[1.10, 12345678901234567890123, "\ud800"],"requestId":
            Literal [{"a":"*"}], 2 skipped, a literal star: {"type":"publish","data":null,"requestId":
            Literal [], 1 skipped: {"type":"publish","data":1,"requestId":
            Pattern [{"a":"*"}], 0 skipped: {"type":"publish","data":1,"requestId":
        "#]],
    );
}

#[test]
fn what_is_no_trigger_is_refused_as_a_whole() {
    check(
        &[
            "",
            "nope",
            "[]",
            "5",
            r#"{"data":1}"#,
            r#"{"rooms":[]}"#,
            r#"{"rooms":null,"data":1}"#,
            r#"{"rooms":[],"data":NaN}"#,
            r#"{"rooms":[],"data":1} x"#,
            r#"{"rooms":[],"data":1,"match":"*"}"#,
            r#"{"rooms":[1,2,3,4],"data":1}"#,
        ],
        &expect![[r#"
            refused: the body is not JSON: EOF while parsing a value at line 1 column 0
            refused: the body is not JSON: expected ident at line 1 column 2
            refused: rooms not specified
            refused: rooms not specified
            refused: rooms not specified
            refused: data not specified
            refused: rooms is not a list
            refused: the body is not JSON: expected value at line 1 column 20
            refused: the body is not JSON: trailing characters at line 1 column 23
            refused: match is neither "literal" nor "pattern"
            refused: more than 3 rooms
        "#]],
    );
}

#[test]
fn a_trigger_may_have_an_id_and_leave_out_who_caused_it() {
    check(
        &[
            r#"{"rooms":[],"data":1,"id":"a\u0062","exclude":{"user":"ada","since":3}}"#,
            r#"{"rooms":[],"data":1,"id":null,"exclude":null}"#,
            r#"{"rooms":[],"data":1,"exclude":{"connection":"01234567-89AB-4def-8123-456789abcdef"}}"#,
            r#"{"rooms":[],"data":1,"id":""}"#,
            r#"{"rooms":[],"data":1,"id":7}"#,
            r#"{"rooms":[],"data":1,"exclude":{}}"#,
            r#"{"rooms":[],"data":1,"exclude":"ada"}"#,
            r#"{"rooms":[],"data":1,"exclude":{"user":7}}"#,
            r#"{"rooms":[],"data":1,"exclude":{"connection":"ada"}}"#,
        ],
        &expect![[r#"
            Literal [], 0 skipped, id ab, without user ada: {"type":"publish","data":1,"requestId":
            Literal [], 0 skipped: {"type":"publish","data":1,"requestId":
            Literal [], 0 skipped, without 01234567-89ab-4def-8123-456789abcdef: {"type":"publish","data":1,"requestId":
            refused: id is not a text of 1 to 255 bytes
            refused: id is not a text of 1 to 255 bytes
            refused: exclude is not {"connection": the uuid of its greeting} or {"user": text}
            refused: exclude is not {"connection": the uuid of its greeting} or {"user": text}
            refused: exclude is not {"connection": the uuid of its greeting} or {"user": text}
            refused: exclude is not {"connection": the uuid of its greeting} or {"user": text}
        "#]],
    );
}
