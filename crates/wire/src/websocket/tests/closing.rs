//! The closing handshake (RFC 6455 §7).

use expect_test::expect;

use super::script::check;

#[test]
fn a_close_is_answered_with_its_code_and_ends_the_connection() {
    check(
        r#"peer: close 1000 "bye""#,
        expect![[r#"
            <- close 1000 "bye"
            -> close 1000 ""
            closed by the peer, cleanly: 1000 "bye"
            hang up
        "#]],
    );
}

#[test]
fn a_close_without_a_code_is_answered_by_one_without() {
    check(
        "peer: close",
        expect![[r#"
            <- close
            -> close ""
            closed by the peer, cleanly: 1005 ""
            hang up
        "#]],
    );
}

/// Bun read a close frame only when it came in one read; every script here is cut at every byte.
#[test]
fn a_close_frame_may_be_split_across_reads() {
    check(
        r#"peer: text "a", close 3000 "split anywhere""#,
        expect![[r#"
            <- text "a"
            <- close 3000 "split anywhere"
            -> close 3000 ""
            closed by the peer, cleanly: 3000 "split anywhere"
            hang up
        "#]],
    );
}

/// python-websockets answered it by 1002 (Autobahn 7.1.5).
#[test]
fn a_close_inside_a_fragmented_message_is_honoured() {
    check(
        r#"peer: text part "never ", close 1000 "leaving", continuation "finished""#,
        expect![[r#"
            <- close 1000 "leaving"
            -> close 1000 ""
            closed by the peer, cleanly: 1000 "leaving"
            hang up
        "#]],
    );
}

#[test]
fn what_came_before_a_close_can_be_answered_until_our_close_is_polled() {
    check(
        r#"
        peer: text "last question", ping "?", close 1000
        and we send "last answer"
        we send "too late"
        "#,
        expect![[r#"
            <- text "last question"
            <- ping "?"
            <- close 1000 ""
            -> pong "?"
            -> text "last answer"
            -> close 1000 ""
            closed by the peer, cleanly: 1000 ""
            hang up
            not sent: the websocket is closing or closed
        "#]],
    );
}

#[test]
fn a_peer_that_says_close_and_hangs_up_still_hears_our_close() {
    check(
        r#"
        peer: close 1000
        and end of stream
        "#,
        expect![[r#"
            <- close 1000 ""
            -> close 1000 ""
            closed by the peer, cleanly: 1000 ""
            hang up
        "#]],
    );
}

#[test]
fn what_follows_a_close_is_discarded() {
    check(
        r#"
        peer: close 1001, text "too late", raw ff ff ff
        peer: ping "too late"
        "#,
        expect![[r#"
            <- close 1001 ""
            -> close 1001 ""
            closed by the peer, cleanly: 1001 ""
            hang up
        "#]],
    );
}

#[test]
fn our_close_waits_for_its_answer_and_messages_still_come() {
    check(
        r#"
        we close 1001 "restarting"
        we send "too late"
        we close 1000 "twice"
        peer: text "crossing", ping "crossing"
        peer: close 1001
        "#,
        expect![[r#"
            -> close 1001 "restarting"
            not sent: the websocket is closing or closed
            <- text "crossing"
            <- ping "crossing"
            <- close 1001 ""
            closed by us, cleanly: 1001 "restarting"
            hang up
        "#]],
    );
}

/// tungstenite needs thirty seconds to find out (#506).
#[test]
fn a_peer_that_does_not_answer_our_close_is_given_up() {
    check(
        r#"
        we close 1000 ""
        after 4 s
        after 1 s
        "#,
        expect![[r#"
            -> close 1000 ""
            after 4 s
            after 1 s
            closed by us, not cleanly: 1000 ""
            hang up
        "#]],
    );
}

#[test]
fn a_client_waits_for_the_server_to_hang_up_but_not_for_ever() {
    check(
        r#"
        websocket: client
        peer: close 1000 "bye"
        after 4 s
        after 1 s
        "#,
        expect![[r#"
            <- close 1000 "bye"
            -> close 1000 ""
            closed by the peer, cleanly: 1000 "bye"
            after 4 s
            after 1 s
            hang up
        "#]],
    );
}

#[test]
fn an_end_of_stream_without_a_close_is_abnormal() {
    check(
        r#"
        peer: text part "cut"
        end of stream
        we send "anyone?"
        "#,
        expect![[r#"
            closed by the peer, not cleanly: 1006 ""
            hang up
            not sent: the websocket is closing or closed
        "#]],
    );
}

#[test]
fn an_end_of_stream_instead_of_an_answer_is_not_clean() {
    check(
        r#"
        we close 1012 "restart"
        end of stream
        "#,
        expect![[r#"
            -> close 1012 "restart"
            closed by us, not cleanly: 1012 "restart"
            hang up
        "#]],
    );
}

/// ws4py turned invalid codes to 1005 and sent that.
#[test]
fn a_code_that_must_not_travel_is_refused_and_never_sent() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        check(
            &format!("peer: close {code}"),
            expect![[r#"
                <- failed, 1002: a close frame had a code that must not be sent
                -> close 1002 "a close frame had a code that must not be sent"
                closed by us, not cleanly: 1002 "a close frame had a code that must not be sent"
                hang up
            "#]],
        );
    }
}

#[test]
fn closing_with_a_code_that_must_not_travel_sends_none() {
    check(
        r#"
        we close 1005 "never mind"
        peer: close
        "#,
        expect![[r#"
            -> close ""
            <- close
            closed by us, cleanly: 1005 "never mind"
            hang up
        "#]],
    );
}

#[test]
fn a_reason_too_long_for_a_close_frame_is_shortened_at_a_character() {
    check(
        &format!("we close 1000 \"{}\"", "é".repeat(100)),
        expect![[r#"
        -> close 1000 "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
    "#]],
    );
}
