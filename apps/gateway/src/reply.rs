//! What the gateway says to a client, beside deliveries: the greeting and the replies.
//!
//! Keys and spaces are those of high-templar.

use crate::backend::User;
use crate::names::Uuid;
use crate::status::Status;
use campanile_hub::{Permissions, RequestId, Room};
use campanile_manager::Loss;
use std::fmt::Write;
use std::time::Duration;

/// Which protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// That of high-templar 3: replies do not say to what.
    Dialect3,
    /// That of high-templar 2.5: replies carry the `requestId`, and nonsense is not answered.
    Dialect25,
    /// The subprotocol `campanile.v1`: every reply carries the `requestId`.
    V1,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Success,
    /// The room is not one that this client may hear.
    RoomNotFound,
    /// What stood there was no room.
    NoRoom,
    /// There was no `requestId`, or it cannot be one.
    NoRequestId,
    /// Nothing is subscribed under this `requestId`.
    NotSubscribed,
    /// The `type` is not one we know.
    TypeNotAllowed,
    /// The object had no `type`.
    NoType,
    /// It was JSON and no object.
    NotAnObject,
    /// It was no JSON.
    NotJson,
    /// The connection has `subscriptions_per_connection_max`.
    TooManySubscriptions,
    /// The loop has `rooms_max`.
    TooManyRooms,
    /// The client sent more than `messages_per_s`. A close with 1008 follows.
    RateLimited,
}

impl Reply {
    /// Returns the error's name on the wire; none for success.
    const fn message(self) -> Option<&'static str> {
        Some(match self {
            Self::Success => return None,
            Self::RoomNotFound | Self::NoRoom => "room-not-found",
            Self::NoRequestId => "no-request-id",
            Self::NotSubscribed => "not-subscribed",
            Self::TypeNotAllowed | Self::NoType | Self::NotAnObject => "message-type-not-allowed",
            Self::NotJson => "non-json-message",
            Self::TooManySubscriptions => "too-many-subscriptions",
            Self::TooManyRooms => "too-many-rooms",
            Self::RateLimited => "rate-limited",
        })
    }

    /// Returns whether high-templar 2.5 said nothing to this.
    const fn is_silent_in_2_5(self) -> bool {
        matches!(
            self,
            Self::NoRoom | Self::NoRequestId | Self::NoType | Self::NotAnObject | Self::NotJson
        )
    }

    /// Returns whether high-templar 3 puts the connection's id where the request's would be.
    const fn names_connection(self) -> bool {
        matches!(self, Self::TypeNotAllowed | Self::NoType | Self::NotAnObject | Self::NotJson)
    }

    /// Writes the reply to a request with this `id` into `output`, which it clears; returns whether
    /// there is one. Asks for the name of the connection only where it is said.
    pub fn write(
        self,
        speech: Speech,
        id: Option<&RequestId>,
        connection: impl FnOnce() -> Uuid,
        output: &mut String,
    ) -> bool {
        if speech == Speech::Dialect25 && self.is_silent_in_2_5() {
            return false;
        }
        output.clear();
        output.push('{');
        match speech {
            Speech::Dialect3 if self.names_connection() => {
                output.push_str("\"requestId\": \"");
                write!(output, "{}", connection()).expect("a String takes all");
                output.push_str("\", ");
            }
            Speech::Dialect3 => {}
            Speech::Dialect25 | Speech::V1 => push_id(id, output),
        }
        match self.message() {
            None => output.push_str("\"code\": \"success\"}"),
            Some(message) => {
                output.push_str("\"code\": \"error\", \"message\": \"");
                output.push_str(message);
                output.push_str("\"}");
            }
        }
        true
    }
}

/// What a client that was not let in is told; 2.5 closed without a word.
pub const REFUSAL: &str = "{\"is_authorized\": false}";

/// Returns what a client of `campanile.v1` is told before the gateway ends: when to come back.
pub fn restart(reconnect_after: Duration) -> String {
    format!(r#"{{"type": "restart", "reconnect_after_ms": {}}}"#, reconnect_after.as_millis())
}

/// Returns the first message to a client that was let in.
pub fn greeting(
    speech: Speech,
    permissions: &Permissions,
    connection: Uuid,
    user: Option<&User>,
) -> String {
    let rooms = permissions.as_json();
    match speech {
        Speech::Dialect3 => format!("{{\"is_authorized\": true, \"allowed_rooms\": {rooms}}}"),
        Speech::Dialect25 => format!("{{\"allowed_rooms\": {rooms}}}"),
        Speech::V1 => {
            let user = user.map_or_else(String::new, |user| {
                format!(", \"user\": {}", serde_json::Value::from(&**user))
            });
            format!(
                "{{\"is_authorized\": true, \"allowed_rooms\": {rooms}, \
                 \"connection\": \"{connection}\"{user}}}"
            )
        }
    }
}

/// Returns what a client of `campanile.v1` is told when one of its subscriptions ends since it may not
/// hear the room any longer.
pub fn revoked(room: &Room, id: &RequestId) -> String {
    format!("{{\"type\": \"revoked\", \"room\": {room}, \"requestId\": {}}}", id.as_json())
}

/// Returns what a client of `campanile.v1` is told when it may hear other rooms than before.
pub fn allowed_rooms(permissions: &Permissions) -> String {
    format!("{{\"type\": \"allowed_rooms\", \"allowed_rooms\": {}}}", permissions.as_json())
}

/// Returns what a client of `campanile.v1` is told when deliveries to one of its subscriptions gave way
/// since it reads slowly.
pub fn lost(loss: &Loss) -> String {
    let Loss { room, id, deliveries, .. } = loss;
    format!(
        "{{\"type\": \"gap\", \"reason\": \"slow\", \"room\": {room}, \"requestId\": {}, \
         \"dropped\": {deliveries}}}",
        id.as_json()
    )
}

/// Writes the answer to a request for the status into `output`, which it clears.
pub fn write_status(status: &Status, speech: Speech, id: Option<&RequestId>, output: &mut String) {
    output.clear();
    output.push('{');
    if speech == Speech::V1 {
        push_id(id, output);
    }
    write!(output, "{status}}}").expect("a String takes all");
}

fn push_id(id: Option<&RequestId>, output: &mut String) {
    output.push_str("\"requestId\": ");
    output.push_str(id.map_or("null", RequestId::as_json));
    output.push_str(", ");
}

#[cfg(test)]
mod tests;
