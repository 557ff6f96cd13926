//! What makes two rooms the same.

use campanile_hub::{Room, RoomError};
use expect_test::expect;
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn a_room_has_one_spelling() {
    let rooms = [
        r#"{}"#,
        r#" { "zoo" : 1 , "animal" : "penguin" } "#,
        r#"{"b":{"d":1,"c":[2,{"f":3,"e":4}]},"a":null}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":{"b":1,"b":{"d":1,"c":2,"d":3}},"a":{"b":1,"b":{"d":1,"c":2,"d":3}}}"#,
        r#"{"a":"\u0041\/\"\\\b\f\n\r\t\u0000\u001F\u007f\u00e9é☃\ud83d\ude00😀"}"#,
        r#"{"a":"\ud800","b":"\udc00\ud800","c":"\ud800\ud83d\ude00","d":"\ud800\u0041"}"#,
        r#"{"\u0061":1,"":2,"a!":3,"a":4}"#,
        r#"{"a":[-0,0,-0.0,0.0,1,1.0,1e0,1.00,10E-1,1.10,1.1,1E5,1e16,1e22,1e-7,5e-324,1e-400]}"#,
        r#"{"a":[9007199254740993,123456789012345678901234567890,-123456789012345678901234567890]}"#,
        r#"{"a":[123456789012345678901234567890.0,true,false,null,"true",[],{},[[]]]}"#,
    ];
    let mut transcript = String::new();
    for json in rooms {
        transcript += &format!("{json} -> {}\n", Room::parse(json).unwrap());
    }
    expect![[r#"
        {} -> {}
         { "zoo" : 1 , "animal" : "penguin" }  -> {"animal":"penguin","zoo":1}
        {"b":{"d":1,"c":[2,{"f":3,"e":4}]},"a":null} -> {"a":null,"b":{"c":[2,{"e":4,"f":3}],"d":1}}
        {"a":1,"b":2,"a":3} -> {"a":3,"b":2}
        {"a":{"b":1,"b":{"d":1,"c":2,"d":3}},"a":{"b":1,"b":{"d":1,"c":2,"d":3}}} -> {"a":{"b":{"c":2,"d":3}}}
        {"a":"\u0041\/\"\\\b\f\n\r\t\u0000\u001F\u007f\u00e9é☃\ud83d\ude00😀"} -> {"a":"A/\"\\\b\f\n\r\t\u0000\u001féé☃😀😀"}
        {"a":"\ud800","b":"\udc00\ud800","c":"\ud800\ud83d\ude00","d":"\ud800\u0041"} -> {"a":"\ud800","b":"\udc00\ud800","c":"\ud800😀","d":"\ud800A"}
        {"\u0061":1,"":2,"a!":3,"a":4} -> {"":2,"a":4,"a!":3}
        {"a":[-0,0,-0.0,0.0,1,1.0,1e0,1.00,10E-1,1.10,1.1,1E5,1e16,1e22,1e-7,5e-324,1e-400]} -> {"a":[0,0,-0.0,0.0,1,1.0,1.0,1.0,1.0,1.1,1.1,100000.0,1e16,1e22,1e-7,5e-324,0.0]}
        {"a":[9007199254740993,123456789012345678901234567890,-123456789012345678901234567890]} -> {"a":[9007199254740993,123456789012345678901234567890,-123456789012345678901234567890]}
        {"a":[123456789012345678901234567890.0,true,false,null,"true",[],{},[[]]]} -> {"a":[1.2345678901234568e29,true,false,null,"true",[],{},[[]]]}
    "#]].assert_eq(&transcript);
}

#[test]
fn what_is_no_room_is_refused_with_the_reason() {
    let texts = [
        "",
        " ",
        "null",
        "5",
        "\"room\"",
        "[]",
        "[1",
        "[[\"a\",1]]",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":1e400}",
        "{\"a\":-1e400}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":0x10}",
        "{\"a\":1_000}",
        "{\"a\":truex}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u+123\"}",
        "{\"a\":\"\\ud83d\\u\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\é\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "\u{feff}{}",
        "{}\0",
        "\u{a0}{}",
        "// a\n{}",
    ];
    let mut transcript = String::new();
    for text in texts {
        let error = Room::parse(text).unwrap_err();
        transcript += &format!("{} -> {error:?}\n", text.escape_debug());
    }
    expect![[r#"
         -> NotJson
          -> NotJson
        null -> NotAnObject
        5 -> NotAnObject
        \"room\" -> NotAnObject
        [] -> NotAnObject
        [1 -> NotJson
        [[\"a\",1]] -> NotAnObject
        { -> NotJson
        } -> NotJson
        {}} -> NotJson
        {}{} -> NotJson
        {} x -> NotJson
        {\"a\"} -> NotJson
        {\"a\":} -> NotJson
        {\"a\":1,} -> NotJson
        {,} -> NotJson
        {\"a\" 1} -> NotJson
        {\"a\":1 \"b\":2} -> NotJson
        {a:1} -> NotJson
        {\'a\':1} -> NotJson
        {1:1} -> NotJson
        {\"a\":NaN} -> NotJson
        {\"a\":Infinity} -> NotJson
        {\"a\":-Infinity} -> NotJson
        {\"a\":1e400} -> NotJson
        {\"a\":-1e400} -> NotJson
        {\"a\":01} -> NotJson
        {\"a\":-} -> NotJson
        {\"a\":1.} -> NotJson
        {\"a\":.5} -> NotJson
        {\"a\":1e} -> NotJson
        {\"a\":+1} -> NotJson
        {\"a\":0x10} -> NotJson
        {\"a\":1_000} -> NotJson
        {\"a\":truex} -> NotJson
        {\"a\":True} -> NotJson
        {\"a\":nul} -> NotJson
        {\"a\":\"\\u12\"} -> NotJson
        {\"a\":\"\\u+123\"} -> NotJson
        {\"a\":\"\\ud83d\\u\"} -> NotJson
        {\"a\":\"\\x41\"} -> NotJson
        {\"a\":\"\\é\"} -> NotJson
        {\"a\":\"\u{1}\"} -> NotJson
        {\"a\":\" -> NotJson
        {\"a\":\"\\ -> NotJson
        \u{feff}{} -> NotJson
        {}\0 -> NotJson
        \u{a0}{} -> NotJson
        // a\n{} -> NotJson
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn a_room_may_be_so_deep_and_no_deeper() {
    let deep =
        |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(Room::parse(&deep(Room::DEPTH_MAX)).is_ok());
    assert_eq!(Room::parse(&deep(Room::DEPTH_MAX + 1)), Err(RoomError::TooDeep));
    assert_eq!(Room::parse(&"{\"a\":".repeat(3_000)), Err(RoomError::TooDeep));
    assert_eq!(Room::parse(&"[".repeat(10_000)), Err(RoomError::TooDeep));
}

#[test]
fn a_room_may_be_so_long_and_no_longer() {
    let long = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - r#"{"a":""}"#.len()));
    assert!(Room::parse(&long(Room::BYTES_MAX)).is_ok());
    assert_eq!(Room::parse(&long(Room::BYTES_MAX + 1)), Err(RoomError::TooLong));
    assert_eq!(Room::parse(&long(1 << 20)), Err(RoomError::TooLong));
    // Each of these numbers is spelt out, and longer then.
    let numbers = format!("{{\"a\":[{}]}}", ["1e15"; 3_000].join(","));
    assert_eq!(Room::parse(&numbers), Err(RoomError::TooLong));
}

#[test]
fn a_star_is_a_whole_value_at_the_top() {
    let has_star = |json| Room::parse(json).unwrap().has_star();
    assert!(has_star(r#"{"a":1,"b":"\u002a"}"#));
    for json in [r#"{}"#, r#"{"*":1}"#, r#"{"a":"**"}"#, r#"{"a":["*"]}"#, r#"{"a":{"b":"*"}}"#] {
        assert!(!has_star(json), "{json}");
    }
}

proptest! {
    /// `serde_json` agrees on everything but long integers and the last digit of long floats, which
    /// are left out here.
    #[test]
    fn rooms_are_equal_when_their_json_is(one in an_object(), other in an_object(), indent: bool) {
        let spell = if indent { serde_json::to_string_pretty } else { serde_json::to_string };
        let room = Room::parse(&spell(&one).unwrap()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Value>(room.as_str()).unwrap(), &one);
        prop_assert_eq!(&Room::parse(room.as_str()).unwrap(), &room);
        let other_room = Room::parse(&serde_json::to_string(&other).unwrap()).unwrap();
        prop_assert_eq!(room == other_room, one == other);
    }

    #[test]
    fn what_is_read_is_json(text in r#"[\[\]{}:," \\au0e+.\-1dtrueé]{0,24}"#) {
        let ours = Room::parse(&text).is_ok();
        let theirs = serde_json::from_str::<Value>(&text).is_ok_and(|value| value.is_object());
        // A lone surrogate is a room of its own here, as in Python, and nothing to `serde_json`.
        prop_assert!(ours == theirs || text.contains("\\u"), "{}", text);
    }

    #[test]
    fn any_bytes_are_a_room_or_an_error(bytes: Vec<u8>) {
        campanile_hub::fuzz::room(&bytes);
        campanile_hub::fuzz::request_id(&bytes);
        campanile_hub::fuzz::permissions(&bytes);
    }
}

fn an_object() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        (-99..99_i32).prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".{0,3}".prop_map(Value::from),
        Just(Value::from("*")),
    ];
    let value = scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ab!\"é\n]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::vec(("[ab]{0,2}", value), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}
