//! Pings, and what a peer has only so much time for.

use expect_test::expect;

use super::script::check;

#[test]
fn a_silent_peer_is_sent_a_ping_and_given_up_when_it_stays_silent() {
    check(
        "
        websocket: server ping=30
        after 29 s
        after 1 s
        after 19 s
        after 1 s
        ",
        expect![[r#"
            after 29 s
            after 1 s
            -> ping ""
            after 19 s
            after 1 s
            closed by us, not cleanly: 1006 "the peer did not answer a ping"
            hang up
        "#]],
    );
}

#[test]
fn whatever_a_peer_says_answers_a_ping() {
    check(
        r#"
        websocket: server ping=30
        after 30 s
        peer: text part "busy"
        after 20 s
        after 10 s
        peer: pong
        "#,
        expect![[r#"
            after 30 s
            -> ping ""
            after 20 s
            after 10 s
            -> ping ""
            <- pong ""
        "#]],
    );
}

#[test]
fn a_peer_that_sends_no_message_is_closed_however_often_it_pings() {
    check(
        r#"
        websocket: server quiet=300
        after 200 s
        peer: text "a"
        after 299 s
        peer: ping
        after 1 s
        peer: close 1000
        "#,
        expect![[r#"
            after 200 s
            <- text "a"
            after 299 s
            <- ping ""
            -> pong ""
            after 1 s
            -> close 1000 "no message for too long"
            <- close 1000 ""
            closed by us, cleanly: 1000 "no message for too long"
            hang up
        "#]],
    );
}

#[test]
fn a_peer_that_does_not_finish_a_message_is_closed() {
    check(
        r#"
        websocket: server slow=60 ping=30
        peer: text part "and "
        after 29 s
        peer: continuation part "and "
        after 29 s
        peer: continuation part "and "
        after 2 s
        "#,
        expect![[r#"
            after 29 s, 2 times
            after 2 s
            -> close 1008 "a message took too long"
        "#]],
    );
}
