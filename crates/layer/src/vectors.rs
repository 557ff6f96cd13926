//! What channels_redis was recorded doing, for tests.

use crate::{Map, Value};
use serde_json::Value as Json;

/// Returns one part of the recording.
pub(crate) fn vectors(part: &str) -> Json {
    let text = include_str!("../tests/vectors/channels_redis.json");
    serde_json::from_str::<Json>(text).expect("it is JSON")[part].take()
}

pub(crate) fn list(json: &Json) -> &[Json] {
    json.as_array().expect("it is a list")
}

pub(crate) fn text(json: &Json) -> &str {
    json.as_str().expect("it is a text")
}

pub(crate) fn bytes(hex: &Json) -> Vec<u8> {
    let digits = text(hex).as_bytes().chunks(2);
    let byte = |digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

/// Makes a value of how the recording writes it.
fn value(json: &Json) -> Value {
    let Json::Object(object) = json else {
        return match json {
            Json::Array(items) => Value::List(items.iter().map(value).collect()),
            other => serde_json::from_value(other.clone()).unwrap(),
        };
    };
    match object.iter().next() {
        Some((key, hex)) if key == "$bytes" => Value::Bytes(bytes(hex)),
        Some((key, number)) if key == "$int" => match text(number).parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::Integer(text(number).parse().unwrap()),
        },
        _ => {
            // The parser sorted the keys; a message is compared as a map.
            Value::Map(object.iter().map(|(key, json)| (key.clone(), value(json))).collect())
        }
    }
}

pub(crate) fn map(json: &Json) -> Map {
    match value(json) {
        Value::Map(map) => map,
        other => panic!("{other:?} is no map"),
    }
}
