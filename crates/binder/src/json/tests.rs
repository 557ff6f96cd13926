use super::to_string;
use serde_json::{Value, json};

/// What Python 3.11's `json.dumps` made of these.
#[test]
fn json_is_as_pythons() {
    for (value, python) in [
        (json!({"data": "", "rooms": [{"zoo": 1}]}), r#"{"data": "", "rooms": [{"zoo": 1}]}"#),
        (json!([]), "[]"),
        (json!({}), "{}"),
        (json!([[], {}, [1, [2]]]), "[[], {}, [1, [2]]]"),
        (json!("feeding ☃ \u{1f427}é"), r#""feeding \u2603 \ud83d\udc27\u00e9""#),
        (
            json!("\" \\ / \u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}"),
            r#""\" \\ / \b\f\n\r\t\u0000\u001f\u007f""#,
        ),
        (
            json!([1.0, -0.0, 0.1, 1e15, 1e16, 1.5e300, 0.0001, 0.00001, 5e-324]),
            "[1.0, -0.0, 0.1, 1000000000000000.0, 1e+16, 1.5e+300, 0.0001, 1e-05, 5e-324]",
        ),
        (json!([null, true, -1, u64::MAX]), "[null, true, -1, 18446744073709551615]"),
    ] {
        assert_eq!(to_string(&value).expect("it is JSON"), python);
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_reads_back_the_same(text in ".*", number: i64) {
        let value = json!({ text.clone(): [text, number] });
        let json = to_string(&value).expect("it is JSON");
        proptest::prop_assert!(json.is_ascii());
        proptest::prop_assert_eq!(serde_json::from_str::<Value>(&json).expect("it reads"), value);
    }

    #[test]
    fn floats_are_written_to_the_last_bit(number in proptest::num::f64::NORMAL) {
        let json = to_string(&number).expect("it is JSON");
        proptest::prop_assert_eq!(json.parse::<f64>().expect("it is a number"), number);
    }
}
