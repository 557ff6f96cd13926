//! When what came is what was written.

use serde_json::Value;

/// Returns whether the text that came is the one expected, as JSON or, where that is none, as text.
pub(crate) fn same_text(expected: &str, came: &str) -> bool {
    match (serde_json::from_str::<Value>(expected), serde_json::from_str::<Value>(came)) {
        (Ok(expected), Ok(came)) => same(&expected, &came),
        (Err(_), Err(_)) => expected.trim() == came.trim(),
        _ => false,
    }
}

/// Returns whether two values are the same JSON, with `<uuid>`, `<time>` and `<number>` for any of their kind.
pub(crate) fn same(expected: &Value, came: &Value) -> bool {
    match (expected, came) {
        (Value::Object(expected), Value::Object(came)) => {
            expected.len() == came.len()
                && expected.iter().all(|(key, expected)| {
                    came.get(key).is_some_and(|came| match key.as_str() {
                        "allowed_rooms" => same_set(expected, came),
                        _ => same(expected, came),
                    })
                })
        }
        (Value::Array(expected), Value::Array(came)) => {
            expected.len() == came.len()
                && expected.iter().zip(came).all(|(expected, came)| same(expected, came))
        }
        (Value::String(expected), came) => stands_for(expected, came) || came == expected,
        (expected, came) => expected == came,
    }
}

fn same_set(expected: &Value, came: &Value) -> bool {
    let (Value::Array(expected), Value::Array(came)) = (expected, came) else {
        return expected == came;
    };
    let holds = |one: &[Value], other: &[Value]| one.iter().all(|value| other.contains(value));
    expected.len() == came.len() && holds(expected, came) && holds(came, expected)
}

fn stands_for(placeholder: &str, came: &Value) -> bool {
    match (placeholder, came) {
        ("<uuid>", Value::String(text)) => is_uuid(text),
        ("<time>", Value::String(text)) => is_time(text),
        ("<number>", Value::Number(_)) => true,
        _ => false,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// A date and time in ISO 8601: `2026-11-21T05:00:00`, with or without a fraction and a zone.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape.starts_with("0000-00-00T00:00:00")
}
