//! The values of a JSON object that mean something, in their own spelling.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Finds the values of `keys` in `json`, without building anything else. Of equal keys the last
/// counts. Returns none for JSON that is no object.
///
/// # Errors
///
/// If it is not JSON.
pub(crate) fn values<'a, const N: usize>(
    json: &'a str,
    keys: &[&str; N],
) -> serde_json::Result<Option<[Option<&'a str>; N]>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let values = if json.trim_ascii_start().starts_with('{') {
        Some(reader.deserialize_map(Values(keys))?)
    } else {
        reader.deserialize_ignored_any(IgnoredAny)?;
        None
    };
    reader.end()?;
    Ok(values)
}

struct Values<'k, const N: usize>(&'k [&'k str; N]);

impl<'de, const N: usize> Visitor<'de> for Values<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(place) = map.next_key_seed(Key(self.0))? {
            match place {
                Some(place) => values[place] = Some(map.next_value::<&RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Reads a key as its place among those that mean something.
struct Key<'k>(&'k [&'k str]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        // As bytes, since a key may hold half a surrogate pair, which no `str` can.
        reader.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|meant| meant.as_bytes() == key))
    }
}
