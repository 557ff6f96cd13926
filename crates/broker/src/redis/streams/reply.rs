//! Redis' answers about streams. An entry that is not as ours are has an empty body, and does no
//! more harm than that.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use redis::{ErrorKind, RedisError, RedisResult, Value};
use std::fmt;

/// When an entry was added, in milliseconds, and which one in that millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId(u64, u64);

/// What was added to a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) to: Vec<u8>,
    pub(super) body: Bytes,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// Reads the answer of `XADD`.
pub(super) fn id(value: &Value) -> RedisResult<EntryId> {
    let error = || RedisError::from((ErrorKind::UnexpectedReturnType, "XADD gave no entry's id"));
    read_id(value).ok_or_else(error)
}

/// Says whether `XRANGE` found something.
pub(super) fn has_entries(value: &Value) -> bool {
    matches!(value, Value::Array(entries) if !entries.is_empty())
}

/// Reads the answer of `XREAD`: the streams in which there was something.
pub(super) fn streams(value: Value) -> Vec<(Vec<u8>, Vec<Entry>)> {
    let Value::Map(streams) = value else { return Vec::new() };
    let stream = |(key, entries)| match (key, entries) {
        (Value::BulkString(key), Value::Array(entries)) => {
            Some((key, entries.into_iter().filter_map(entry).collect()))
        }
        _ => None,
    };
    streams.into_iter().filter_map(stream).collect()
}

fn entry(value: Value) -> Option<Entry> {
    let Value::Array(parts) = value else { return None };
    let [id, fields] = <[Value; 2]>::try_from(parts).ok()?;
    let mut entry = Entry { id: read_id(&id)?, to: Vec::new(), body: Bytes::new() };
    let Value::Array(fields) = fields else { return Some(entry) };
    let mut fields = fields.into_iter();
    while let (Some(Value::BulkString(name)), Some(Value::BulkString(value))) =
        (fields.next(), fields.next())
    {
        match &name[..] {
            b"to" => entry.to = value,
            b"body" => entry.body = value.into(),
            _ => {}
        }
    }
    Some(entry)
}

fn read_id(value: &Value) -> Option<EntryId> {
    let Value::BulkString(text) = value else { return None };
    let (milliseconds, number) = std::str::from_utf8(text).ok()?.split_once('-')?;
    Some(EntryId(milliseconds.parse().ok()?, number.parse().ok()?))
}
