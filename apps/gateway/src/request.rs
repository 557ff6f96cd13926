//! What a client asks for, read from its message.

use campanile_hub::{RequestId, Room};
use campanile_manager::Message;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A message of a client, understood as far as it can be.
///
/// The `id` is what stood under `requestId`: none if nothing did, or a list or an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The text `ping`, exactly.
    Ping,
    /// To hear a room from now on.
    Subscribe {
        /// The name of the subscription.
        id: Option<RequestId>,
        /// None if nothing stood there, or what is no room.
        room: Option<Room>,
    },
    /// To hear a room no longer.
    Unsubscribe {
        /// The name of the subscription.
        id: Option<RequestId>,
    },
    /// To be told how the server is.
    Status {
        /// The name of the request.
        id: Option<RequestId>,
    },
    /// JSON whose `type` is none of these.
    Unknown {
        /// The name of the request.
        id: Option<RequestId>,
        /// Whether it has a `type` at all.
        typed: bool,
    },
    /// JSON that is no object.
    NotAnObject,
    /// Not JSON, or bytes that are not UTF-8, or nested absurdly deep.
    NotJson,
}

impl Request {
    /// How deep objects and lists may stand in each other.
    pub const DEPTH_MAX: usize = 128;

    /// Reads a message: text, or bytes that hold the same.
    pub fn read(message: Message<'_>) -> Request {
        match message {
            Message::Text("ping") => Request::Ping,
            Message::Text(text) => Request::parse(text),
            // Of a client's binary frames only JSON is understood, so "ping" is not.
            Message::Binary(bytes) => {
                std::str::from_utf8(bytes).map_or(Request::NotJson, Request::parse)
            }
        }
    }

    fn parse(json: &str) -> Request {
        if is_too_deep(json.as_bytes()) {
            return Request::NotJson;
        }
        let is_object = json.trim_ascii_start().starts_with('{');
        let mut reader = serde_json::Deserializer::from_str(json);
        let parts = if is_object {
            reader.deserialize_map(PartsVisitor)
        } else {
            reader.deserialize_ignored_any(IgnoredAny).map(|_| Parts::default())
        };
        match (parts, reader.end()) {
            (Ok(parts), Ok(())) if is_object => parts.into(),
            (Ok(_), Ok(())) => Request::NotAnObject,
            _ => Request::NotJson,
        }
    }
}

/// The values of an object that mean something, in their own spelling. Of equal keys the last counts.
#[derive(Default)]
struct Parts<'a> {
    kind: Option<&'a str>,
    room: Option<&'a str>,
    id: Option<&'a str>,
}

impl From<Parts<'_>> for Request {
    fn from(parts: Parts<'_>) -> Request {
        let id = parts.id.and_then(RequestId::parse);
        match text(parts.kind.unwrap_or_default()).as_deref() {
            Some("subscribe") => {
                Request::Subscribe { id, room: parts.room.and_then(|room| Room::parse(room).ok()) }
            }
            Some("unsubscribe") => Request::Unsubscribe { id },
            Some("status") => Request::Status { id },
            _ => Request::Unknown { id, typed: parts.kind.is_some() },
        }
    }
}

/// Returns the text that a JSON string stands for; none if `json` is something else.
fn text(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Parts::default();
        while let Some(key) = map.next_key::<Key>()? {
            let place = match key {
                Key::Type => &mut parts.kind,
                Key::Room => &mut parts.room,
                Key::RequestId => &mut parts.id,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = Some(map.next_value::<&RawValue>()?.get());
        }
        Ok(parts)
    }
}

/// A key, as far as it means something.
enum Key {
    Type,
    Room,
    RequestId,
    Other,
}

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, since a key may hold half a surrogate pair, which no `str` can.
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: serde::de::Error>(self, key: &[u8]) -> Result<Key, E> {
        Ok(match key {
            b"type" => Key::Type,
            b"room" => Key::Room,
            b"requestId" => Key::RequestId,
            _ => Key::Other,
        })
    }
}

/// Returns whether objects and lists stand over [`Request::DEPTH_MAX`] deep in each other.
///
/// The parser skips values without recursion, so depth harms nothing; but what the original could
/// not read, nobody should come to rely on.
fn is_too_deep(json: &[u8]) -> bool {
    // Nearly every message is done here.
    let opened = json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if opened <= Request::DEPTH_MAX {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    json.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > Request::DEPTH_MAX
    })
}

#[cfg(test)]
mod tests;
