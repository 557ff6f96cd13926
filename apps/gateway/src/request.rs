//! What a client asks for, read from its message.

use crate::object;
use campanile_hub::{RequestId, Room};
use campanile_manager::Message;
use std::borrow::Cow;

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

    /// Returns how many bytes its texts take.
    pub fn bytes(&self) -> usize {
        let of_id = |id: &Option<RequestId>| id.as_ref().map_or(0, |id| id.as_bytes().len());
        match self {
            Request::Subscribe { id, room } => {
                of_id(id) + room.as_ref().map_or(0, |room| room.as_str().len())
            }
            Request::Unsubscribe { id } | Request::Status { id } | Request::Unknown { id, .. } => {
                of_id(id)
            }
            Request::Ping | Request::NotAnObject | Request::NotJson => 0,
        }
    }

    fn parse(json: &str) -> Request {
        if is_too_deep(json.as_bytes()) {
            return Request::NotJson;
        }
        match object::values(json, &["type", "room", "requestId"]) {
            Ok(Some(values)) => Request::of(values),
            Ok(None) => Request::NotAnObject,
            Err(_) => Request::NotJson,
        }
    }

    fn of([kind, room, id]: [Option<&str>; 3]) -> Request {
        let id = id.and_then(RequestId::parse);
        match text(kind.unwrap_or_default()).as_deref() {
            Some("subscribe") => {
                Request::Subscribe { id, room: room.and_then(|room| Room::parse(room).ok()) }
            }
            Some("unsubscribe") => Request::Unsubscribe { id },
            Some("status") => Request::Status { id },
            _ => Request::Unknown { id, typed: kind.is_some() },
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
