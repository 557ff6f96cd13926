//! The codec beside what channels_redis wrote, in `tests/vectors/`.

use super::fernet::Fernet;
use super::{Address, Codec};
use crate::redis::{Format, RedisSettings, SecretKeys};
use crate::vectors::{bytes, list, map, text, vectors};
use crate::{Message, Settings, Value};
use serde_json::Value as Json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn settings(format: &str, prefix: usize, secrets: &[&str]) -> RedisSettings {
    RedisSettings {
        serializer_format: if format == "json" { Format::Json } else { Format::MessagePack },
        random_prefix_length: prefix,
        symmetric_encryption_keys: SecretKeys::new(
            secrets.iter().map(|&secret| secret.to_owned()).collect(),
        ),
        ..RedisSettings::default()
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn messages_are_read_and_written_as_python_does() {
    for format in ["msgpack", "json"] {
        let codec = Codec::core(&settings(format, 0, &[]));
        for case in list(&vectors(format)) {
            let recorded = bytes(&case["hex"]);
            let read = codec.read(&recorded, at(0)).unwrap();
            assert_eq!(read, map(&case["message"]));
            let fields = codec.write(&Message::from(read.clone())).unwrap();
            let written = codec.entry(&fields, Address::None, at(0));
            assert_eq!(codec.read(&written, at(0)).unwrap(), read);
            // JSON has many forms of a float.
            if format == "msgpack" || !text(&case["text"]).contains("floats") {
                assert_eq!(written, recorded, "{case}");
            }
        }
    }
}

#[test]
fn strangers_bytes_are_read_or_refused_as_python_does() {
    let codec = Codec::core(&settings("msgpack", 0, &[]));
    for case in list(&vectors("msgpack_decode")) {
        let read = codec.read(&bytes(&case["hex"]), at(0));
        let note = text(&case["note"]);
        match (&case["value"], note) {
            (Json::Null, _) | (Json::Array(_), _) => assert!(read.is_err(), "{note}"),
            // There the key stays bytes.
            (_, note) if note.starts_with("bytes map key") => {
                assert_eq!(read.unwrap(), map(&serde_json::json!({"a": "b"})));
            }
            (_, note) if note.starts_with("timestamp") => {
                assert_eq!(read.unwrap()["a"], Value::Extension(-1, vec![0, 0, 0, 1]));
            }
            (_, note) if note.starts_with("other extension") => {
                assert_eq!(read.unwrap()["a"], Value::Extension(5, vec![0]));
            }
            (expected, _) => assert_eq!(read.unwrap(), map(expected), "{note}"),
        }
    }
}

#[test]
fn a_prefix_of_any_length_is_cut_off_and_no_two_are_equal() {
    for case in list(&vectors("prefixed")) {
        let length = case["random_prefix_length"].as_u64().unwrap() as usize;
        let codec = Codec::core(&settings(text(&case["serializer_format"]), length, &[]));
        let read = codec.read(&bytes(&case["hex"]), at(0)).unwrap();
        assert_eq!(read, map(&case["message"]));
        let fields = codec.write(&Message::from(read)).unwrap();
        let [first, second] = [0, 1].map(|_| codec.entry(&fields, Address::None, at(0)));
        assert_eq!(first[length..], bytes(&case["body_hex"])[..]);
        assert_eq!(first == second, length == 0);
    }
}

#[test]
fn tokens_are_closed_by_the_first_key_and_opened_by_any() {
    let fernet = vectors("fernet");
    for case in list(&fernet["cases"]) {
        let secrets: Vec<&str> =
            list(&case["symmetric_encryption_keys"]).iter().map(text).collect();
        let keys = settings(text(&case["serializer_format"]), 12, &secrets);
        let time = case["timestamp"].as_u64().unwrap();
        let codec = Codec::core(&keys);
        let read = codec.read(&bytes(&case["hex"]), at(time)).unwrap();
        assert_eq!(read, map(&case["opens_to"]));
        let plain = Codec::core(&settings(text(&case["serializer_format"]), 0, &[]));
        let recorded = plain.write(&Message::from(read)).unwrap();
        let body = plain.entry(&recorded, Address::None, at(time));
        let iv = bytes(&case["iv_hex"]).try_into().unwrap();
        let secrets: Vec<String> = secrets.into_iter().map(str::to_owned).collect();
        let token = Fernet::new(&secrets).unwrap().close_with(&body, time, iv);
        assert_eq!(token, text(&case["token"]));
        let wrong = Codec::core(&settings("msgpack", 12, &["wrong"]));
        assert!(wrong.read(&bytes(&case["hex"]), at(time)).is_err());
    }
}

#[test]
fn tokens_are_opened_up_to_their_age_except_by_pub_sub() {
    let fernet = vectors("fernet");
    for case in list(&fernet["ttl"]) {
        let token = &fernet["cases"][case["token_case"].as_u64().unwrap() as usize];
        let secrets: Vec<&str> = list(&case["keys"]).iter().map(text).collect();
        let mut settings = settings(text(&token["serializer_format"]), 12, &secrets);
        settings.common.expiry = Duration::from_secs(case["expiry"].as_u64().unwrap());
        let time = token["timestamp"].as_i64().unwrap();
        let now = at((time + case["seconds_after_encryption"].as_i64().unwrap()) as u64);
        let entry = bytes(&token["hex"]);
        let read = Codec::core(&settings).read(&entry, now);
        assert_eq!(read.is_ok(), case["accepted"].as_bool().unwrap(), "{case}: {read:?}");
        assert!(Codec::pub_sub(&settings).read(&entry[12..], now).is_ok());
    }
}

#[test]
fn what_nobody_could_read_is_not_written() {
    let codec = |format| Codec::core(&settings(format, 12, &[]));
    let message = |value| Message::of_type("t").with("value", value);
    assert!(codec("json").write(&message(Value::Bytes(vec![1]))).is_err());
    assert!(codec("json").write(&message(Value::Float(f64::NAN))).is_err());
    assert!(codec("msgpack").write(&message(Value::Float(f64::NAN))).is_ok());
    assert!(codec("msgpack").write(&message(Value::Extension(1, vec![1]))).is_err());
    assert!(
        codec("msgpack").write(&Message::of_type("t").with(Message::ADDRESS_KEY, "x")).is_err()
    );
    let nested = |depth| (0..depth).fold(Value::Null, |value, _| Value::List(vec![value]));
    let limits = Settings { message_depth_max: 3, ..Settings::default() };
    for format in ["msgpack", "json"] {
        let mut narrow = settings(format, 0, &[]);
        narrow.common = limits.clone();
        let narrow = Codec::core(&narrow);
        assert!(narrow.write(&message(nested(3))).is_ok());
        assert!(narrow.write(&message(nested(4))).is_err());
        let wide = Codec::core(&settings(format, 0, &[]));
        for depth in [3, 4] {
            let fields = wide.write(&message(nested(depth))).unwrap();
            let entry = wide.entry(&fields, Address::None, at(0));
            assert_eq!(narrow.read(&entry, at(0)).is_ok(), depth == 3);
        }
    }
}

#[test]
fn an_address_is_written_behind_the_fields() {
    for format in ["msgpack", "json"] {
        let codec = Codec::core(&settings(format, 12, &["secret"]));
        for message in [Message::default(), Message::of_type("t")] {
            let fields = codec.write(&message).unwrap();
            let names = ["specific.a!b", "specific.a!c"];
            let members = Value::List(names.iter().map(|&name| Value::from(name)).collect());
            let addresses = [
                (Address::Channel(names[0]), Value::from(names[0])),
                (Address::Members(&names), members),
            ];
            for (address, expected) in addresses {
                let entry = codec.entry(&fields, address, at(0));
                let mut read = codec.read(&entry, at(0)).unwrap();
                assert_eq!(read.shift_remove(Message::ADDRESS_KEY), Some(expected));
                assert_eq!(Message::from(read), message);
            }
        }
    }
}
