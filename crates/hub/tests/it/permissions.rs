//! What a connection may enter.

use std::sync::Arc;

use campanile_hub::{Permissions, PermissionsPool, Room};
use expect_test::expect;

#[test]
fn rooms_are_listed_once_in_the_order_given() {
    let permissions =
        Permissions::parse(r#"[{"b":2, "a":1}, {}, {"a":1,"b":2} , {"n":"*"},{}, {"n":1.10}]"#)
            .unwrap();
    expect![[r#"[{"a":1,"b":2},{},{"n":"*"},{"n":1.1}]"#]].assert_eq(permissions.as_json());
    assert_eq!(permissions.len(), 4);
    assert!(permissions.rooms().eq([r#"{"a":1,"b":2}"#, "{}", r#"{"n":"*"}"#, r#"{"n":1.1}"#]));
    for empty in ["[]", " [ ] "] {
        let permissions = Permissions::parse(empty).unwrap();
        assert!(permissions.is_empty());
        assert_eq!(permissions.as_json(), "[]");
        assert!(!permissions.allows(&Room::parse("{}").unwrap()));
    }
}

#[test]
fn a_bad_list_is_refused_with_the_reason() {
    let lists = [
        "",
        "null",
        "{}",
        "5",
        "\"rooms\"",
        "[",
        "[{}",
        "[{},]",
        "[{} {}]",
        "[{}]]",
        "[5]",
        "[null]",
        "[[]]",
        "[{}, \"foo\"]",
        "[[[\"a\",1]]]",
        "[{\"a\":NaN}]",
        "[,{}]",
    ];
    let mut transcript = String::new();
    for list in lists {
        transcript += &format!("{list} -> {}\n", Permissions::parse(list).unwrap_err());
    }
    let deep = format!("[{{}}, {{\"a\":{}]", "[".repeat(1_000_000));
    transcript += &format!("[{{}}, {{\"a\":[[[… -> {}\n", Permissions::parse(&deep).unwrap_err());
    let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(1_000_000));
    transcript += &format!("[{{\"a\":\"xxx… -> {}\n", Permissions::parse(&long).unwrap_err());
    expect![[r#"
         -> allowed_rooms is no JSON list
        null -> allowed_rooms is no JSON list
        {} -> allowed_rooms is no JSON list
        5 -> allowed_rooms is no JSON list
        "rooms" -> allowed_rooms is no JSON list
        [ -> allowed_rooms[0]: a room is not JSON
        [{} -> allowed_rooms is no JSON list
        [{},] -> allowed_rooms[1]: a room is not JSON
        [{} {}] -> allowed_rooms is no JSON list
        [{}]] -> allowed_rooms is no JSON list
        [5] -> allowed_rooms[0]: a room is JSON, but no object
        [null] -> allowed_rooms[0]: a room is JSON, but no object
        [[]] -> allowed_rooms[0]: a room is JSON, but no object
        [{}, "foo"] -> allowed_rooms[1]: a room is JSON, but no object
        [[["a",1]]] -> allowed_rooms[0]: a room is JSON, but no object
        [{"a":NaN}] -> allowed_rooms[0]: a room is not JSON
        [,{}] -> allowed_rooms[0]: a room is not JSON
        [{}, {"a":[[[… -> allowed_rooms[1]: a room is more than 64 levels deep
        [{"a":"xxx… -> allowed_rooms[0]: a room is longer than 16384 bytes
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn a_hundred_thousand_rooms_allow_what_they_cover() {
    let rooms = (0..100_000).map(|n| match n % 4 {
        0 => format!(r#"{{"zoo":{n},"animal":"*"}}"#),
        1 => format!(r#"{{"zoo":"{n}","animal":"penguin"}}"#),
        2 => format!(r#"{{"keeper":{n}}}"#),
        _ => format!(r#"{{"key {n}":"*"}}"#),
    });
    let list = format!("[{}]", rooms.collect::<Vec<_>>().join(","));
    let permissions = Permissions::parse(&list).unwrap();
    assert_eq!(permissions.len(), 100_000);
    let allows = |json: &str| permissions.allows(&Room::parse(json).unwrap());
    assert!(allows(r#"{"animal":"bear","zoo":4}"#));
    assert!(allows(r#"{"animal":"*","zoo":99996}"#));
    assert!(allows(r#"{"animal":"penguin","zoo":"5"}"#));
    assert!(allows(r#"{"keeper":99998}"#));
    assert!(allows(r#"{"key 99999":[1,2,3]}"#));
    assert!(!allows(r#"{"animal":"bear","zoo":"5"}"#));
    assert!(!allows(r#"{"animal":"*","zoo":"5"}"#));
    assert!(!allows(r#"{"animal":"bear","zoo":5}"#));
    assert!(!allows(r#"{"keeper":"*"}"#));
    assert!(!allows(r#"{"keeper":"99998"}"#));
    assert!(!allows(r#"{"key 99998":1}"#));
    assert!(!allows(r#"{}"#));
}

#[test]
fn the_work_of_a_check_is_bounded_by_a_limit_on_star_sets() {
    let room = |stars: usize| {
        let value = |bit: usize| if stars >> bit & 1 == 1 { "\"*\"" } else { "1" };
        let members = (0..9).map(|bit| format!("\"{bit}\":{}", value(bit)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    let list = |count: usize| format!("[{}]", (0..count).map(room).collect::<Vec<_>>().join(","));
    assert!(Permissions::parse(&list(Permissions::STAR_SETS_MAX)).is_ok());
    let error = Permissions::parse(&list(Permissions::STAR_SETS_MAX + 1)).unwrap_err();
    expect![
        "allowed_rooms: room 256 is one too many with these keys and other ones of them starred"
    ]
    .assert_eq(&error.to_string());
}

#[test]
fn equal_lists_are_kept_once_and_forgotten_when_nobody_holds_them() {
    let pool = PermissionsPool::new();
    let one = pool.intern(r#"[{"a":1, "b":2}, {"a":1, "b":2}]"#).unwrap();
    let other = pool.intern(r#"[{"b":2,"a":1}]"#).unwrap();
    assert!(Arc::ptr_eq(&one, &other));
    assert!(pool.intern("[5]").is_err());
    assert_eq!(pool.len(), 1);

    let held: Vec<_> =
        (0..1_000).map(|n| pool.intern(&format!(r#"[{{"n":{n}}}]"#)).unwrap()).collect();
    assert_eq!(pool.len(), 1_001);
    drop(held);
    for n in 0..1_000 {
        pool.intern(&format!(r#"[{{"m":{n}}}]"#)).unwrap();
    }
    assert!(pool.len() < 1_100, "{} lists are known", pool.len());
    assert!(Arc::ptr_eq(&one, &pool.intern(r#"[{"a":1,"b":2}]"#).unwrap()));
}
