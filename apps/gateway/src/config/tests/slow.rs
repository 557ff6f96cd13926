//! What is said about rooms whose deliveries need not all wait for a slow client.

use super::check;
use crate::config::{Config, SlowRooms, Sources, load};
use campanile_hub::Room;
use campanile_manager::Slow;
use expect_test::expect;

#[test]
fn policies_for_rooms_are_read_as_tables_or_json_and_shown_as_json() {
    let expected = expect![[r#"
        slow_rooms = [{ room = '{"animal":"*","zoo":1}', policy = "latest" }, { room = '{"zoo":null}', policy = "drop-oldest" }]
    "#]];
    for file in [
        r#"
[[limits.slow_rooms]]
room = { zoo = 1, animal = "*" }
policy = "latest"
[[limits.slow_rooms]]
room = '{"zoo": null}'
policy = "drop-oldest"
"#,
        r#"
[limits]
slow_rooms = [
    { room = { zoo = 1, animal = "*" }, policy = "latest" },
    { room = '{"zoo": null}', policy = "drop-oldest" },
]
"#,
    ] {
        check(file, "", "", &expected);
    }
    check(
        "",
        r#"CAMPANILE_LIMITS_SLOW_ROOMS=[{ room = { zoo = "*" }, policy = "close" }]"#,
        "",
        &expect![[r#"
            slow_rooms = [{ room = '{"zoo":"*"}', policy = "close" }]
        "#]],
    );
}

#[test]
fn policies_for_rooms_are_refused_with_the_line_of_what_is_wrong() {
    for (entries, expected) in [
        (
            r#"{ room = { zoo = 1 }, policy = "latest" }"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: a table is not a list of rooms, each with its policy; write [{ room = { zoo = 1, animal = "*" }, policy = "latest" }]
            "#]],
        ),
        (
            "[\n1,\n]",
            expect![[r#"
                campanile.toml:3: [limits] slow_rooms: 1 is not a room with its policy; write [{ room = { zoo = 1, animal = "*" }, policy = "latest" }]
            "#]],
        ),
        (
            r#"[{ policy = "latest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: a policy has no room; write [{ room = { zoo = 1, animal = "*" }, policy = "latest" }]
            "#]],
        ),
        (
            "[{ room = { zoo = 1 } }]",
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: {"zoo":1} has no policy; write [{ room = { zoo = 1, animal = "*" }, policy = "latest" }]
            "#]],
        ),
        (
            r#"[{ room = { zoo = 1 }, policy = "newest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: "newest" is not "close", "drop-oldest" or "latest"
            "#]],
        ),
        (
            r#"[{ room = { zoo = 1 }, policy = "lastest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: "lastest" is not "close", "drop-oldest" or "latest"; did you mean "latest"?
            "#]],
        ),
        (
            r#"[{ room = { zoo = 1 }, policies = "latest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: unknown key "policies" of a room's policy
            "#]],
        ),
        (
            r#"[{ room = "[1]", policy = "latest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: [1]: a room is JSON, but no object
            "#]],
        ),
        (
            r#"[{ room = "zoo", policy = "latest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: zoo: a room is not JSON
            "#]],
        ),
        (
            r#"[{ room = { zoo = nan }, policy = "latest" }]"#,
            expect![[r#"
                campanile.toml:2: [limits] slow_rooms: NaN is not a number that JSON knows
            "#]],
        ),
        (
            "[\n{ room = { zoo = '*' }, policy = 'latest' },\n{ room = { zoo = 1 }, policy = 'close' },\n]",
            expect![[r#"
                campanile.toml:4: [limits] slow_rooms: {"zoo":1} has no effect: {"zoo":"*"} stands before it
            "#]],
        ),
    ] {
        check(&format!("[limits]\nslow_rooms = {entries}\n"), "", "", &expected);
    }
    let many = "{ room = {}, policy = 'close' }, ".repeat(65);
    check(
        &format!("[limits]\nslow_rooms = [{many}]\n"),
        "",
        "",
        &expect![[r#"
            campanile.toml:2: [limits] slow_rooms: 65 entries; at most 64 are allowed
        "#]],
    );
}

fn slow_rooms(text: &str) -> SlowRooms {
    let flag = ("--set".to_owned(), "limits.slow_rooms".to_owned(), text.to_owned());
    let sources = Sources { flags: vec![flag], ..Sources::default() };
    load(&sources).expect("they are fine").config.limits.slow_rooms
}

#[test]
fn a_publication_is_kept_as_by_the_one_of_its_rooms_that_keeps_most() {
    let configured = slow_rooms(
        "[{ room = { zoo = 1 }, policy = 'close' }, { room = { zoo = '*' }, policy = 'latest' }, \
         { room = { news = true }, policy = 'drop-oldest' }]",
    );
    let slow = |rooms: &[&str]| {
        let parse = |room: &&str| Room::parse(room).expect("a room");
        configured.of(&rooms.iter().map(parse).collect::<Vec<_>>())
    };
    let (two, star) = (r#"{"zoo":2}"#, r#"{"zoo":"*"}"#);
    assert_eq!(slow(&[two, star]), Slow::Latest);
    assert_eq!(slow(&[two, r#"{"news":true}"#]), Slow::DropOldest);
    assert_eq!(slow(&[r#"{"news":true}"#, two]), Slow::DropOldest);
    assert_eq!(slow(&[two, r#"{"zoo":1}"#]), Slow::Close, "the first pattern counts");
    assert_eq!(slow(&[two, r#"{"other":1}"#]), Slow::Close, "no pattern covers it");
    assert_eq!(Config::default().limits.slow_rooms.of(&[]), Slow::Close);
}
