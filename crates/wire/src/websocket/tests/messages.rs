//! Messages and their fragments, and control frames between them.

use expect_test::expect;

use super::script::check;

#[test]
fn a_message_arrives_as_it_was_sent() {
    check(
        r#"
        peer: text "Hello", binary hex 00ff, text "", binary
        peer: text "x"*126, text "y"*70000
        "#,
        expect![[r#"
            <- text "Hello"
            <- binary hex 00ff
            <- text ""
            <- binary ""
            <- text of 126 bytes
            <- text of 70000 bytes
        "#]],
    );
}

#[test]
fn fragments_make_one_message_and_control_frames_pass_between_them() {
    check(
        r#"
        peer: text part "Hel", ping "are you there", continuation part "", pong, continuation "lo"
        peer: text "next"
        "#,
        expect![[r#"
            <- ping "are you there"
            <- pong ""
            <- text "Hello"
            -> pong "are you there"
            <- text "next"
        "#]],
    );
}

#[test]
fn a_character_may_be_cut_by_fragments() {
    check(
        "peer: text part hex f09f, continuation part hex 94, continuation hex 94c3a9",
        expect![[r#"
        <- text "🔔é"
    "#]],
    );
}

#[test]
fn a_client_reads_what_is_not_masked_and_masks_what_it_sends() {
    check(
        r#"
        websocket: client
        peer: text "Hello", ping "1"
        we send "Hello"
        "#,
        expect![[r#"
            <- text "Hello"
            <- ping "1"
            -> pong "1"
            -> text "Hello"
        "#]],
    );
}

#[test]
fn a_pong_goes_before_the_answer_to_a_later_message() {
    check(
        r#"
        peer: text part "a", ping "?", continuation "b"
        and we send "answer"
        "#,
        expect![[r#"
            <- ping "?"
            <- text "ab"
            -> pong "?"
            -> text "answer"
        "#]],
    );
}

#[test]
fn ten_pings_are_answered_by_ten_pongs() {
    check(
        r#"peer: times 10 ping "x""#,
        expect![[r#"
            <- ping "x", 10 times
            -> pong "x", 10 times
        "#]],
    );
}

#[test]
fn of_a_flood_of_pings_only_the_latest_is_answered() {
    check(
        r#"peer: times 64 ping "old", ping "latest""#,
        expect![[r#"
            <- ping "old", 64 times
            <- ping "latest"
            -> pong "latest"
        "#]],
    );
}

#[test]
fn a_pong_that_nobody_asked_for_is_no_offence() {
    check(
        r#"peer: pong "unasked""#,
        expect![[r#"
        <- pong "unasked"
    "#]],
    );
}

#[test]
fn messages_of_exactly_the_limit_pass_and_one_byte_more_is_too_big() {
    check(
        r#"
        websocket: server message=10
        peer: text "0123456789"
        peer: text part "01234", continuation "56789"
        peer: text "0123456789a"
        "#,
        expect![[r#"
            <- text "0123456789", 2 times
            <- failed, 1009: a message was too long
            -> close 1009 "a message was too long"
            closed by us, not cleanly: 1009 "a message was too long"
            hang up
        "#]],
    );
}
