//! What fuzzers do to this crate: any bytes go in, and a broken promise panics.
//!
//! `fuzz/` holds the target and its corpus, which plain `cargo test` plays too.

use crate::codec::{Address, Codec};
use crate::redis::{Format, RedisSettings, SecretKeys};
use crate::{Map, Message, SendError, Value};
use std::time::{Duration, UNIX_EPOCH};

const DEPTH_MAX: usize = 16;

/// Reads `data` as an entry, whose format its first byte says, and writes it again.
///
/// # Panics
///
/// If what was read is nested too deep, or what is written again is not read as the same.
pub fn layer_message(data: &[u8]) {
    let Some((&setting, entry)) = data.split_first() else { return };
    let mut settings = RedisSettings {
        serializer_format: if setting & 1 == 0 { Format::MessagePack } else { Format::Json },
        random_prefix_length: if setting & 2 == 0 { 0 } else { 3 },
        ..RedisSettings::default()
    };
    if setting & 4 != 0 {
        settings.symmetric_encryption_keys = SecretKeys::new(vec![String::from("secret-key")]);
    }
    settings.common.message_depth_max = DEPTH_MAX;
    let codec = Codec::core(&settings);
    // When the recorded tokens were made.
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let Ok(mut fields) = codec.read(entry, now) else { return };
    fields.shift_remove(Message::ADDRESS_KEY);
    assert!(fields.values().all(|value| depth(value) <= DEPTH_MAX));
    let has_extension = fields.values().any(has_extension);
    let message = Message::from(fields);
    let written = match codec.write(&message) {
        Ok(written) => codec.entry(&written, Address::Channel("worker"), now),
        Err(SendError::Unencodable(_)) => return assert!(has_extension),
        Err(SendError::TooBig { .. }) => return,
        Err(other) => panic!("{other}"),
    };
    let mut again = codec.read(&written, now).expect("what was written is read");
    assert_eq!(again.shift_remove(Message::ADDRESS_KEY), Some(Value::from("worker")));
    assert!(same(message.fields(), &again), "{message:?}");
    let _ = message.read::<Map>();
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn has_extension(value: &Value) -> bool {
    match value {
        Value::Extension(..) => true,
        Value::List(list) => list.iter().any(has_extension),
        Value::Map(map) => map.values().any(has_extension),
        _ => false,
    }
}

/// Says whether both are the same, in the same order; NaN is NaN.
fn same(first: &Map, second: &Map) -> bool {
    format!("{first:?}") == format!("{second:?}")
}
