//! Each way to break the protocol ends with a close frame that has the right code. (tungstenite
//! drops the line without one.)

use expect_test::expect;

use super::script::check;

#[test]
fn a_reserved_bit_is_refused() {
    check(
        r#"peer: text "before", text rsv2 "x", text "after""#,
        expect![[r#"
            <- text "before"
            <- failed, 1002: a reserved bit was set
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
        "#]],
    );
    check(
        r#"peer: ping rsv3"#,
        expect![[r#"
            <- failed, 1002: a reserved bit was set
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
        "#]],
    );
    check(
        r#"peer: text rsv1 "x""#,
        expect![[r#"
            <- failed, 1002: a reserved bit was set
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
        "#]],
    );
}

#[test]
fn with_compression_agreed_rsv1_is_only_for_a_message_s_first_frame() {
    check(
        r#"
        websocket: server deflate
        peer: text part "x", continuation rsv1 "y"
        "#,
        expect![[r#"
            <- failed, 1002: a reserved bit was set
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
        "#]],
    );
    check(
        r#"
        websocket: server deflate
        peer: ping rsv1
        "#,
        expect![[r#"
            <- failed, 1002: a reserved bit was set
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
        "#]],
    );
}

#[test]
fn a_reserved_opcode_is_refused() {
    check(
        "peer: opcode 03",
        expect![[r#"
            <- failed, 1002: a reserved opcode was used
            -> close 1002 "a reserved opcode was used"
            closed by us, not cleanly: 1002 "a reserved opcode was used"
            hang up
        "#]],
    );
    check(
        "peer: opcode 0b",
        expect![[r#"
            <- failed, 1002: a reserved opcode was used
            -> close 1002 "a reserved opcode was used"
            closed by us, not cleanly: 1002 "a reserved opcode was used"
            hang up
        "#]],
    );
}

/// uWebSockets does not look at the bit.
#[test]
fn a_client_s_frame_without_a_mask_is_refused() {
    check(
        r#"peer: text unmasked "x""#,
        expect![[r#"
            <- failed, 1002: a client's frame was not masked
            -> close 1002 "a client's frame was not masked"
            closed by us, not cleanly: 1002 "a client's frame was not masked"
            hang up
        "#]],
    );
}

#[test]
fn a_server_s_frame_with_a_mask_is_refused() {
    check(
        r#"
        websocket: client
        peer: text masked "x"
        "#,
        expect![[r#"
            <- failed, 1002: a server's frame was masked
            -> close 1002 "a server's frame was masked"
            closed by us, not cleanly: 1002 "a server's frame was masked"
            hang up
        "#]],
    );
}

#[test]
fn a_length_longer_than_it_need_be_is_refused() {
    check(
        "peer: raw 81 fe 007d 12345678",
        expect![[r#"
            <- failed, 1002: a frame's length was longer than it needed to be
            -> close 1002 "a frame's length was longer than it needed to be"
            closed by us, not cleanly: 1002 "a frame's length was longer than it needed to be"
            hang up
        "#]],
    );
    check(
        "peer: raw 81 ff 000000000000ffff 12345678",
        expect![[r#"
            <- failed, 1002: a frame's length was longer than it needed to be
            -> close 1002 "a frame's length was longer than it needed to be"
            closed by us, not cleanly: 1002 "a frame's length was longer than it needed to be"
            hang up
        "#]],
    );
}

/// gorilla CVE-2020-27813, Tomcat CVE-2020-13935, undici CVE-2026-1528, swift-nio CVE-2026-43678.
#[test]
fn a_length_of_64_bits_is_refused_and_the_longest_of_63_is_too_big() {
    check(
        "peer: raw 82 ff 8000000000000000 12345678",
        expect![[r#"
            <- failed, 1002: a frame's length was over 63 bits
            -> close 1002 "a frame's length was over 63 bits"
            closed by us, not cleanly: 1002 "a frame's length was over 63 bits"
            hang up
        "#]],
    );
    check(
        "peer: raw 82 ff ffffffffffffffff 12345678",
        expect![[r#"
            <- failed, 1002: a frame's length was over 63 bits
            -> close 1002 "a frame's length was over 63 bits"
            closed by us, not cleanly: 1002 "a frame's length was over 63 bits"
            hang up
        "#]],
    );
    check(
        "peer: raw 82 ff 7fffffffffffffff 12345678",
        expect![[r#"
            <- failed, 1009: a frame was too long
            -> close 1009 "a frame was too long"
            closed by us, not cleanly: 1009 "a frame was too long"
            hang up
        "#]],
    );
    check(
        "
        websocket: server frame=18446744073709551615 message=18446744073709551615
        peer: binary part hex 00, raw 80 ff 7fffffffffffffff 12345678
        end of stream
        ",
        expect![[r#"
            closed by the peer, not cleanly: 1006 ""
            hang up
        "#]],
    );
}

#[test]
fn a_control_frame_must_be_whole_and_short() {
    check(
        "peer: ping part",
        expect![[r#"
            <- failed, 1002: a control frame was fragmented
            -> close 1002 "a control frame was fragmented"
            closed by us, not cleanly: 1002 "a control frame was fragmented"
            hang up
        "#]],
    );
    check(
        r#"peer: ping "x"*126"#,
        expect![[r#"
            <- failed, 1002: a control frame was over 125 bytes
            -> close 1002 "a control frame was over 125 bytes"
            closed by us, not cleanly: 1002 "a control frame was over 125 bytes"
            hang up
        "#]],
    );
    check(
        r#"peer: ping "x"*125"#,
        expect![[r#"
        <- ping of 125 bytes
        -> pong of 125 bytes
    "#]],
    );
}

#[test]
fn a_continuation_needs_a_message_to_continue() {
    check(
        r#"peer: continuation "x""#,
        expect![[r#"
            <- failed, 1002: a continuation had no message to continue
            -> close 1002 "a continuation had no message to continue"
            closed by us, not cleanly: 1002 "a continuation had no message to continue"
            hang up
        "#]],
    );
    check(
        r#"peer: text part "a", continuation "b", continuation part "c""#,
        expect![[r#"
            <- text "ab"
            <- failed, 1002: a continuation had no message to continue
            -> close 1002 "a continuation had no message to continue"
            closed by us, not cleanly: 1002 "a continuation had no message to continue"
            hang up
        "#]],
    );
}

#[test]
fn a_message_must_end_before_the_next_begins() {
    check(
        r#"peer: text part "a", text "b""#,
        expect![[r#"
            <- failed, 1002: a message began before the last one's end
            -> close 1002 "a message began before the last one's end"
            closed by us, not cleanly: 1002 "a message began before the last one's end"
            hang up
        "#]],
    );
    check(
        r#"peer: text part "a", binary part "b""#,
        expect![[r#"
            <- failed, 1002: a message began before the last one's end
            -> close 1002 "a message began before the last one's end"
            closed by us, not cleanly: 1002 "a message began before the last one's end"
            hang up
        "#]],
    );
}

#[test]
fn half_a_close_code_and_a_reason_that_is_not_text_are_refused() {
    check(
        "peer: close hex 03",
        expect![[r#"
            <- failed, 1002: a close frame had half a code
            -> close 1002 "a close frame had half a code"
            closed by us, not cleanly: 1002 "a close frame had half a code"
            hang up
        "#]],
    );
    check(
        "peer: close 1000 hex c328",
        expect![[r#"
            <- failed, 1007: a close frame's reason was not UTF-8
            -> close 1007 "a close frame's reason was not UTF-8"
            closed by us, not cleanly: 1007 "a close frame's reason was not UTF-8"
            hang up
        "#]],
    );
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    check(
        "peer: text hex 48c328",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
    check(
        "peer: text hex eda080",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
    check(
        "peer: text hex f09f94",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
    check(
        "peer: text part hex f09f, continuation hex 94",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
}

#[test]
fn text_that_is_not_utf_8_is_refused_at_its_first_wrong_byte() {
    // Of a frame of 100 bytes, three have come.
    check(
        "peer: raw 81 e4 00000000 48 c328",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
    // The first two bytes of four already stand for something beyond U+10FFFF.
    check(
        "peer: text part hex f490",
        expect![[r#"
            <- failed, 1007: a text message was not UTF-8
            -> close 1007 "a text message was not UTF-8"
            closed by us, not cleanly: 1007 "a text message was not UTF-8"
            hang up
        "#]],
    );
}

#[test]
fn a_frame_over_its_limit_is_refused_before_its_payload_comes() {
    check(
        "
        websocket: server frame=200
        peer: raw 81 fe 00c9 12345678
        ",
        expect![[r#"
            <- failed, 1009: a frame was too long
            -> close 1009 "a frame was too long"
            closed by us, not cleanly: 1009 "a frame was too long"
            hang up
        "#]],
    );
}

/// fastwebsockets (#100) and daphne (CVE-2026-44545) counted frames, not messages.
#[test]
fn the_limit_of_a_message_counts_all_its_fragments() {
    check(
        r#"
        websocket: server message=10
        peer: text part "012345", continuation part "6789", ping, continuation "a"
        "#,
        expect![[r#"
            <- ping ""
            <- failed, 1009: a message was too long
            -> pong ""
            -> close 1009 "a message was too long"
            closed by us, not cleanly: 1009 "a message was too long"
            hang up
        "#]],
    );
}

#[test]
fn what_came_before_a_violation_can_be_answered_until_our_close_is_polled() {
    check(
        r#"
        peer: text "a question", ping "?", text rsv2 "x"
        and we send "its answer"
        we send "too late"
        "#,
        expect![[r#"
            <- text "a question"
            <- ping "?"
            <- failed, 1002: a reserved bit was set
            -> pong "?"
            -> text "its answer"
            -> close 1002 "a reserved bit was set"
            closed by us, not cleanly: 1002 "a reserved bit was set"
            hang up
            not sent: the websocket is closing or closed
        "#]],
    );
}

#[test]
fn a_violation_while_we_wait_for_a_close_ends_the_waiting() {
    check(
        r#"
        we close 1000 "bye"
        peer: text rsv2 "x"
        "#,
        expect![[r#"
            -> close 1000 "bye"
            <- failed, 1002: a reserved bit was set
            closed by us, not cleanly: 1000 "bye"
            hang up
        "#]],
    );
}
