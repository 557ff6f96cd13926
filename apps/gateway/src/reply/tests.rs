use super::{REFUSAL, Reply, Speech, greeting};
use crate::backend::User;
use crate::names::Uuid;
use campanile_hub::{Permissions, RequestId};
use expect_test::{Expect, expect};
use std::fmt::Write;

const REPLIES: [Reply; 12] = [
    Reply::Success,
    Reply::RoomNotFound,
    Reply::NoRoom,
    Reply::NoRequestId,
    Reply::NotSubscribed,
    Reply::TypeNotAllowed,
    Reply::NoType,
    Reply::NotAnObject,
    Reply::NotJson,
    Reply::TooManySubscriptions,
    Reply::TooManyRooms,
    Reply::RateLimited,
];

fn connection() -> Uuid {
    "01234567-89ab-4def-8123-456789abcdef".parse().unwrap()
}

/// Shows every reply in one dialect, to a request named `id`.
fn check(speech: Speech, id: Option<&str>, expected: &Expect) {
    let id = id.and_then(RequestId::parse);
    let (mut transcript, mut output) = (String::new(), "left over".to_owned());
    for reply in REPLIES {
        let said = reply.write(speech, id.as_ref(), connection, &mut output);
        let said = if said { output.as_str() } else { "nothing" };
        writeln!(transcript, "{reply:?}: {said}").unwrap();
    }
    expected.assert_eq(&transcript);
}

#[test]
fn dialect_3_names_the_connection_where_a_message_was_not_understood_and_no_request() {
    check(
        Speech::Dialect3,
        Some("\"r\""),
        &expect![[r#"
        Success: {"code": "success"}
        RoomNotFound: {"code": "error", "message": "room-not-found"}
        NoRoom: {"code": "error", "message": "room-not-found"}
        NoRequestId: {"code": "error", "message": "no-request-id"}
        NotSubscribed: {"code": "error", "message": "not-subscribed"}
        TypeNotAllowed: {"requestId": "01234567-89ab-4def-8123-456789abcdef", "code": "error", "message": "message-type-not-allowed"}
        NoType: {"requestId": "01234567-89ab-4def-8123-456789abcdef", "code": "error", "message": "message-type-not-allowed"}
        NotAnObject: {"requestId": "01234567-89ab-4def-8123-456789abcdef", "code": "error", "message": "message-type-not-allowed"}
        NotJson: {"requestId": "01234567-89ab-4def-8123-456789abcdef", "code": "error", "message": "non-json-message"}
        TooManySubscriptions: {"code": "error", "message": "too-many-subscriptions"}
        TooManyRooms: {"code": "error", "message": "too-many-rooms"}
        RateLimited: {"code": "error", "message": "rate-limited"}
    "#]],
    );
}

#[test]
fn dialect_2_5_names_the_request_and_does_not_answer_nonsense() {
    check(
        Speech::Dialect25,
        Some("\"r\""),
        &expect![[r#"
        Success: {"requestId": "r", "code": "success"}
        RoomNotFound: {"requestId": "r", "code": "error", "message": "room-not-found"}
        NoRoom: nothing
        NoRequestId: nothing
        NotSubscribed: {"requestId": "r", "code": "error", "message": "not-subscribed"}
        TypeNotAllowed: {"requestId": "r", "code": "error", "message": "message-type-not-allowed"}
        NoType: nothing
        NotAnObject: nothing
        NotJson: nothing
        TooManySubscriptions: {"requestId": "r", "code": "error", "message": "too-many-subscriptions"}
        TooManyRooms: {"requestId": "r", "code": "error", "message": "too-many-rooms"}
        RateLimited: {"requestId": "r", "code": "error", "message": "rate-limited"}
    "#]],
    );
}

#[test]
fn campanile_v1_names_the_request_in_every_reply() {
    check(
        Speech::V1,
        Some("1"),
        &expect![[r#"
        Success: {"requestId": 1, "code": "success"}
        RoomNotFound: {"requestId": 1, "code": "error", "message": "room-not-found"}
        NoRoom: {"requestId": 1, "code": "error", "message": "room-not-found"}
        NoRequestId: {"requestId": 1, "code": "error", "message": "no-request-id"}
        NotSubscribed: {"requestId": 1, "code": "error", "message": "not-subscribed"}
        TypeNotAllowed: {"requestId": 1, "code": "error", "message": "message-type-not-allowed"}
        NoType: {"requestId": 1, "code": "error", "message": "message-type-not-allowed"}
        NotAnObject: {"requestId": 1, "code": "error", "message": "message-type-not-allowed"}
        NotJson: {"requestId": 1, "code": "error", "message": "non-json-message"}
        TooManySubscriptions: {"requestId": 1, "code": "error", "message": "too-many-subscriptions"}
        TooManyRooms: {"requestId": 1, "code": "error", "message": "too-many-rooms"}
        RateLimited: {"requestId": 1, "code": "error", "message": "rate-limited"}
    "#]],
    );
}

#[test]
fn what_has_no_id_is_answered_to_null_in_campanile_v1() {
    check(
        Speech::V1,
        None,
        &expect![[r#"
        Success: {"requestId": null, "code": "success"}
        RoomNotFound: {"requestId": null, "code": "error", "message": "room-not-found"}
        NoRoom: {"requestId": null, "code": "error", "message": "room-not-found"}
        NoRequestId: {"requestId": null, "code": "error", "message": "no-request-id"}
        NotSubscribed: {"requestId": null, "code": "error", "message": "not-subscribed"}
        TypeNotAllowed: {"requestId": null, "code": "error", "message": "message-type-not-allowed"}
        NoType: {"requestId": null, "code": "error", "message": "message-type-not-allowed"}
        NotAnObject: {"requestId": null, "code": "error", "message": "message-type-not-allowed"}
        NotJson: {"requestId": null, "code": "error", "message": "non-json-message"}
        TooManySubscriptions: {"requestId": null, "code": "error", "message": "too-many-subscriptions"}
        TooManyRooms: {"requestId": null, "code": "error", "message": "too-many-rooms"}
        RateLimited: {"requestId": null, "code": "error", "message": "rate-limited"}
    "#]],
    );
}

#[test]
fn the_greeting_says_what_is_allowed_in_the_words_of_the_dialect() {
    let permissions = Permissions::parse(r#"[{"zoo": 1, "animal": "*"}, {}]"#).unwrap();
    let greet = |speech, user: &str| {
        greeting(speech, &permissions, connection(), User::new(user).as_ref()) + "\n"
    };
    let all = [
        greet(Speech::Dialect3, "ada"),
        greet(Speech::Dialect25, "ada"),
        greet(Speech::V1, ""),
        greet(Speech::V1, "\"Ada\""),
        REFUSAL.to_owned(),
    ];
    let all = all.concat();
    expect![[r#"
        {"is_authorized": true, "allowed_rooms": [{"animal":"*","zoo":1},{}]}
        {"allowed_rooms": [{"animal":"*","zoo":1},{}]}
        {"is_authorized": true, "allowed_rooms": [{"animal":"*","zoo":1},{}], "connection": "01234567-89ab-4def-8123-456789abcdef"}
        {"is_authorized": true, "allowed_rooms": [{"animal":"*","zoo":1},{}], "connection": "01234567-89ab-4def-8123-456789abcdef", "user": "\"Ada\""}
        {"is_authorized": false}"#]].assert_eq(&all);
}
