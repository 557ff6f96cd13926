//! The keys and values of a canonical room, and the one rule for `*`.

use std::hash::{BuildHasher, Hash, Hasher};

/// The value that, in a permission or a pattern, stands for every value of its key.
pub(crate) const ANY: &str = "\"*\"";

/// Returns whether `pattern` covers `room`: both hold the same keys, and each value of `pattern` is
/// [`ANY`] or equal.
///
/// A `*` in `room` is a plain value, which only a `*` covers: it is not the sum of its rooms.
pub(crate) fn covers(pattern: &str, room: &str) -> bool {
    let (mut pattern, mut room) = (members(pattern), members(room));
    loop {
        match (pattern.next(), room.next()) {
            (None, None) => return true,
            (Some((pattern_key, pattern_value)), Some((key, value)))
                if pattern_key == key && (pattern_value == ANY || pattern_value == value) => {}
            _ => return false,
        }
    }
}

pub(crate) fn same_keys(one: &str, other: &str) -> bool {
    members(one).map(|(key, _)| key).eq(members(other).map(|(key, _)| key))
}

/// Returns whether both have the same keys, and a `*` at the same ones of them.
pub(crate) fn same_shape(one: &str, other: &str) -> bool {
    let shape = |(key, value)| (key, value == ANY);
    members(one).map(shape).eq(members(other).map(shape))
}

/// Hashes the keys of `room`: the same for all rooms with the [same keys](same_keys).
pub(crate) fn hash_keys(room: &str, hasher: &impl BuildHasher) -> u64 {
    let mut hasher = hasher.build_hasher();
    for (key, _) in members(room) {
        key.hash(&mut hasher);
    }
    hasher.finish()
}

/// Hashes `room` as if it had a `*` wherever `shape` has one: the same for a room and for the
/// pattern of that shape which covers it. Their keys must be the same.
pub(crate) fn hash_as(shape: &str, room: &str, hasher: &impl BuildHasher) -> u64 {
    let mut hasher = hasher.build_hasher();
    for ((_, shape_value), (key, value)) in members(shape).zip(members(room)) {
        key.hash(&mut hasher);
        let value = if shape_value == ANY { ANY } else { value };
        value.hash(&mut hasher);
    }
    hasher.finish()
}

/// Returns the members of a canonical room: each key with its quotes, and its value.
pub(crate) fn members(room: &str) -> Members<'_> {
    debug_assert!(room.starts_with('{') && room.ends_with('}'), "a canonical room: {room}");
    Members { rest: &room[1..] }
}

pub(crate) struct Members<'a> {
    /// Begins with the next member, or is the closing brace.
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest == "}" {
            return None;
        }
        let (key, rest) = self.rest.split_at(value_bytes(self.rest));
        let (value, rest) = rest[":".len()..].split_at(value_bytes(&rest[":".len()..]));
        self.rest = rest.strip_prefix(',').unwrap_or(rest);
        Some((key, value))
    }
}

/// Returns how long the value is that a canonical text begins with.
#[inline]
fn value_bytes(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'"' => string_bytes(bytes),
        b'{' | b'[' => nested_bytes(bytes),
        _ => bytes.iter().position(|byte| b",}]".contains(byte)).unwrap_or(bytes.len()),
    }
}

#[inline]
fn string_bytes(bytes: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn nested_bytes(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes[at] {
            b'"' => at += string_bytes(&bytes[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
}
