//! What is sent: a map with text keys, made from and read into any type of serde.

mod key;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use value::{Map, Value};

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// A message: a map with text keys, in order. Its clones share it.
///
/// ```
/// use campanile_layer::Message;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// #[serde(tag = "type")]
/// enum Event {
///     #[serde(rename = "chat.message")]
///     ChatMessage { text: String },
/// }
///
/// let event = Event::ChatMessage { text: String::from("hello") };
/// let message = Message::new(&event)?;
/// assert_eq!(message.kind(), Some("chat.message"));
/// assert_eq!(message.read::<Event>()?, event);
/// # Ok::<(), campanile_layer::message::MessageError>(())
/// ```
#[derive(Clone, PartialEq, Default)]
pub struct Message(Arc<Map>);

impl Message {
    /// The key by which the layer itself says for whom a message is. No message may have it.
    pub const ADDRESS_KEY: &str = "__asgi_channel__";

    /// Makes one of anything that serde writes as a map: a struct, a map, an enum with a `tag`.
    ///
    /// # Errors
    ///
    /// If it is not a map, or has keys that are no text, or cannot be written.
    pub fn new(content: &(impl Serialize + ?Sized)) -> Result<Message, MessageError> {
        match content.serialize(write::ToValue)? {
            Value::Map(map) => Ok(Message::from(map)),
            _ => Err(MessageError(String::from("a message must be a map, like a struct"))),
        }
    }

    /// Makes one that only has a `type`; more is added by [`with`](Self::with).
    pub fn of_type(kind: &str) -> Message {
        Message::default().with("type", kind)
    }

    /// Adds a key, or changes its value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Message {
        Arc::make_mut(&mut self.0).insert(key.to_owned(), value.into());
        self
    }

    /// Reads it into a type.
    ///
    /// # Errors
    ///
    /// If it is not as the type says.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, MessageError> {
        T::deserialize(read::MapReader(&self.0))
    }

    /// Returns its `type`, by which consumers decide what to do with it; none if it has no text
    /// there.
    pub fn kind(&self) -> Option<&str> {
        self.get("type")?.as_text()
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Returns all keys and values.
    pub fn fields(&self) -> &Map {
        &self.0
    }

    /// Says whether both are one message, of which they are clones: what one of them was turned
    /// into is right for the other as well. Others may be equal.
    pub fn is_same(&self, other: &Message) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns how many bytes it has as MessagePack, or a few more.
    pub fn bytes(&self) -> usize {
        value::map_bytes(&self.0)
    }
}

impl From<Map> for Message {
    fn from(map: Map) -> Message {
        Message(Arc::new(map))
    }
}

impl fmt::Debug for Message {
    /// Shows its type only: what else it says is nobody's business in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Message");
        shown.field("type", &self.kind()).field("keys", &self.0.len()).finish_non_exhaustive()
    }
}

/// Why something is no message, or a message not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError(pub(crate) String);

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MessageError {}

impl serde::ser::Error for MessageError {
    fn custom<T: fmt::Display>(message: T) -> MessageError {
        MessageError(message.to_string())
    }
}

impl serde::de::Error for MessageError {
    fn custom<T: fmt::Display>(message: T) -> MessageError {
        MessageError(message.to_string())
    }
}
