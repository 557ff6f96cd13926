//! permessage-deflate as the websocket uses it (RFC 7692 §6, §7.2).

use expect_test::expect;

use super::script::check;

#[test]
fn a_compressed_message_arrives_inflated() {
    check(
        r#"
        websocket: server deflate
        peer: text compressed "Hello Hello Hello", binary compressed "x"*1000, text "not compressed"
        peer: text compressed ""
        "#,
        expect![[r#"
            <- text "Hello Hello Hello"
            <- binary of 1000 bytes
            <- text "not compressed"
            <- text ""
        "#]],
    );
}

#[test]
fn a_long_message_is_sent_compressed_and_a_short_one_as_it_is() {
    check(
        r#"
        websocket: server deflate
        we send "short"
        we send "long"*100
        "#,
        expect![[r#"
            -> text "short"
            -> text compressed
        "#]],
    );
}

#[test]
fn what_is_not_deflate_is_refused() {
    check(
        r#"
        websocket: server deflate
        peer: text rsv1 hex ffffff
        "#,
        expect![[r#"
            <- failed, 1007: a compressed message could not be inflated
            -> close 1007 "a compressed message could not be inflated"
            closed by us, not cleanly: 1007 "a compressed message could not be inflated"
            hang up
        "#]],
    );
}

#[test]
fn an_inflated_text_must_be_utf_8_too() {
    check(
        "
        websocket: server deflate
        peer: text compressed hex c328
        ",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
}

#[test]
fn a_compressed_message_may_come_in_fragments() {
    // "Hello", as in RFC 7692 §7.2.3.1.
    check(
        r#"
        websocket: server deflate
        peer: text part rsv1 hex f248cd, ping, continuation hex c9c90700
        "#,
        expect![[r#"
            <- ping ""
            <- text "Hello"
            -> pong ""
        "#]],
    );
}

#[test]
fn with_context_takeover_a_message_may_refer_to_the_one_before() {
    // "Hello" twice, as in RFC 7692 §7.2.3.2.
    check(
        r#"
        websocket: server takeover
        peer: text rsv1 hex f248cdc9c90700, text rsv1 hex f200110000
        "#,
        expect![[r#"
            <- text "Hello", 2 times
        "#]],
    );
}

#[test]
fn without_context_takeover_it_may_not() {
    check(
        r#"
        websocket: server deflate
        peer: text rsv1 hex f248cdc9c90700, text rsv1 hex f200110000
        "#,
        expect![[r#"
            <- text "Hello"
            <- failed, 1007: a compressed message could not be inflated
            -> close 1007 "a compressed message could not be inflated"
            closed by us, not cleanly: 1007 "a compressed message could not be inflated"
            hang up
        "#]],
    );
}

/// undici CVE-2026-1526.
#[test]
fn a_message_that_inflates_beyond_the_limit_is_refused() {
    check(
        r#"
        websocket: server deflate message=1000
        peer: text compressed "x"*1000
        peer: text compressed "x"*1001
        "#,
        expect![[r#"
            <- text of 1000 bytes
            <- failed, 1009: a message was too long when inflated
            -> close 1009 "a message was too long when inflated"
            closed by us, not cleanly: 1009 "a message was too long when inflated"
            hang up
        "#]],
    );
}
