//! What a client may call its subscription.

use campanile_hub::RequestId;
use expect_test::expect;

#[test]
fn an_id_is_any_scalar_and_comes_back_with_its_value() {
    let ids = [
        "1",
        "-0",
        "1.10",
        "1e0",
        "123456789012345678901234567890",
        "null",
        "true",
        r#""1""#,
        r#" "" "#,
        r#""\u00e9\/""#,
        r#""\ud83d\ude00""#,
        r#""\ud83d""#,
        r#""a line\u000abreak""#,
        r#""3f0a6c3e-6d2f-4a53-9f0b-0d6f8e1f2a3b""#,
        "{}",
        "[]",
        "[1]",
        "",
        "NaN",
        "1e400",
        "01",
        "+1",
        ".5",
        "1.",
        "1 2",
        r#"""#,
        r#""\x""#,
        "\"\t\"",
    ];
    let mut transcript = String::new();
    for json in ids {
        let id = RequestId::parse(json).map_or("no id".into(), |id| id.to_string());
        transcript += &format!("{json} -> {id}\n");
    }
    expect![[r#"
        1 -> 1
        -0 -> 0
        1.10 -> 1.1
        1e0 -> 1.0
        123456789012345678901234567890 -> 123456789012345678901234567890
        null -> null
        true -> true
        "1" -> "1"
         ""  -> ""
        "\u00e9\/" -> "é/"
        "\ud83d\ude00" -> "😀"
        "\ud83d" -> "\ud83d"
        "a line\u000abreak" -> "a line\nbreak"
        "3f0a6c3e-6d2f-4a53-9f0b-0d6f8e1f2a3b" -> "3f0a6c3e-6d2f-4a53-9f0b-0d6f8e1f2a3b"
        {} -> no id
        [] -> no id
        [1] -> no id
         -> no id
        NaN -> no id
        1e400 -> no id
        01 -> no id
        +1 -> no id
        .5 -> no id
        1. -> no id
        1 2 -> no id
        " -> no id
        "\x" -> no id
        "	" -> no id
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn ids_are_equal_by_value_and_not_across_types() {
    let id = |json| RequestId::parse(json).unwrap();
    assert_eq!(id("1.0"), id("1e0"));
    assert_eq!(id("\"a\""), id("\"\\u0061\""));
    assert_ne!(id("1"), id("\"1\""));
    assert_ne!(id("1"), id("1.0"));
    assert_ne!(id("1"), id("true"));
}

#[test]
fn short_and_long_ids_are_kept_whole() {
    for length in 0..60 {
        let json = format!("\"{}\"", "x".repeat(length));
        let id = RequestId::parse(&json).unwrap();
        assert_eq!(id.as_json(), json);
        assert_eq!(id.as_bytes(), json.as_bytes());
    }
}

#[test]
fn an_id_over_its_limit_is_none() {
    let of_length = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert!(RequestId::parse(&of_length(RequestId::BYTES_MAX)).is_some());
    assert!(RequestId::parse(&of_length(RequestId::BYTES_MAX + 1)).is_none());
}
