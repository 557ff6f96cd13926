//! Telling the server what is announced, so that it can compare.

use crate::digest::{self, Digest};
use crate::translator::shared::Shared;
use serde_json::{Map, Value, json};

/// Returns the answer: the sums of all that is announced, or the networks of one bucket. While gobgpd
/// is lost, nothing is known and neither is there.
pub(super) fn answer(shared: &Shared, id: &Value, bucket: Option<u8>) -> String {
    let mut message = Map::new();
    message.insert("id".to_owned(), id.clone());
    if shared.connection().is_some() {
        let (key, value) = match bucket {
            None => ("sums", sums(shared)),
            Some(bucket) => ("networks", networks(shared, bucket)),
        };
        message.insert(key.to_owned(), value);
    }
    json!({"type": "translator_state", "message": message}).to_string()
}

fn sums(shared: &Shared) -> Value {
    let mut digest = Digest::default();
    shared.announced().keys().for_each(|network| digest.add(network));
    digest.texts().into()
}

fn networks(shared: &Shared, bucket: u8) -> Value {
    let announced = shared.announced();
    let of_bucket = announced.keys().filter(|network| digest::bucket(network) == bucket);
    of_bucket.map(ToString::to_string).collect()
}
