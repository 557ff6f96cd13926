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
            Ok(Trigger { publication, skipped, has_literal_star }) => {
                let rooms: Vec<&str> = publication.rooms.iter().map(|room| room.as_str()).collect();
                let shared = String::from_utf8_lossy(publication.shared());
                let star = if has_literal_star { ", a literal star" } else { "" };
                let matching = publication.matching;
                format!("{matching:?} [{}], {skipped} skipped{star}: {shared}", rooms.join(" "))
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
