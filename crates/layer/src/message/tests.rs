//! Any type of serde becomes a message and is read again.

use super::{Map, Message, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    #[serde(rename = "type")]
    kind: String,
    some: Option<u8>,
    none: Option<u8>,
    unit: (),
    pair: (i8, f32),
    list: Vec<Variant>,
    map: BTreeMap<u32, char>,
    greatest: u64,
    least: i64,
    address: IpAddr,
    wrapped: Wrapped,
    nothing: Nothing,
    value: Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    known: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, bool>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Variant {
    Unit,
    Newtype(String),
    Tuple(u8, u8),
    Struct { a: u8 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(u16);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "chat.message")]
    ChatMessage { text: String, at: Option<f64> },
    #[serde(rename = "chat.left")]
    ChatLeft,
}

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(content: &T) -> Message {
    let message = Message::new(content).unwrap();
    assert_eq!(message.read::<T>().unwrap(), *content);
    message
}

#[test]
fn whatever_is_sent_is_read_as_the_same() {
    let list = vec![
        Variant::Unit,
        Variant::Newtype(String::from("x")),
        Variant::Tuple(1, 2),
        Variant::Struct { a: 3 },
    ];
    let message = check(&Everything {
        kind: String::from("test"),
        some: Some(1),
        none: None,
        unit: (),
        pair: (-1, 0.5),
        list,
        map: BTreeMap::from([(7, 'x')]),
        greatest: u64::MAX,
        least: i64::MIN,
        address: "::1".parse().unwrap(),
        wrapped: Wrapped(4),
        nothing: Nothing,
        value: Value::List(vec![Value::Null, Value::Float(1.5)]),
    });
    assert_eq!(message.kind(), Some("test"));
    check(&Open { known: 1, rest: BTreeMap::from([(String::from("more"), true)]) });
    // As Python would have it.
    assert_eq!(message.get("address"), Some(&Value::from("::1")));
    assert_eq!(message.get("greatest"), Some(&Value::Unsigned(u64::MAX)));
    let keyed = Map::from_iter([(String::from("7"), Value::from("x"))]);
    assert_eq!(message.get("map"), Some(&Value::Map(keyed)));
}

#[test]
fn an_event_finds_its_variant_by_its_type() {
    let text = || String::from("hello");
    check(&Event::ChatMessage { text: text(), at: Some(0.1) });
    assert_eq!(check(&Event::ChatLeft), Message::of_type("chat.left"));
    let sent = Message::of_type("chat.message").with("text", "hello").with("extra", 1_u64);
    assert_eq!(sent.read::<Event>().unwrap(), Event::ChatMessage { text: text(), at: None });
    assert!(Message::of_type("chat.unknown").read::<Event>().is_err());
}

#[test]
fn what_is_no_map_is_no_message() {
    assert!(Message::new("text").is_err());
    assert!(Message::new(&[1, 2]).is_err());
    assert!(Message::new(&BTreeMap::from([(vec![1], 1)])).is_err());
    assert!(Message::new(&Option::<Event>::None).is_err());
}

#[test]
fn bytes_and_extensions_are_read_too() {
    let message = Message::default()
        .with("bytes", Value::Bytes(vec![1, 2]))
        .with("extension", Value::Extension(5, vec![3]));
    let extension = Value::List(vec![Value::Integer(5), Value::Bytes(vec![3])]);
    let read: Map = message.read().unwrap();
    assert_eq!(read["bytes"], Value::Bytes(vec![1, 2]));
    assert_eq!(read["extension"], extension);
}

#[test]
fn nothing_of_what_a_message_says_is_shown() {
    let message = Message::of_type("chat.message").with("text", "secret");
    let shown = format!("{message:?}");
    assert!(shown.contains("chat.message") && !shown.contains("secret"), "{shown}");
}
