//! What clients send and are sent, and what consumers take it for.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

use crate::CloseCode;

/// A message from or to a client, as RFC 6455 knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// JSON in a text message: what serde reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What a consumer takes a client's messages for.
#[diagnostic::on_unimplemented(
    message = "no message of a client can be read as `{Self}`",
    note = "for JSON in a text message, `Json<{Self}>` is one that can, if `{Self}` is `Deserialize`",
    note = "otherwise there are `String`, `Bytes`, `Message` for both, and `()` for none"
)]
pub trait FromMessage: Sized {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// If it is not what the consumer receives.
    fn from_message(message: Message) -> Result<Self, Invalid>;
}

/// What can be sent to a client.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client",
    note = "for JSON in a text message, send `Json(…)`, if `{Self}` is `Serialize`"
)]
pub trait IntoMessage {
    /// Makes it a message.
    ///
    /// # Errors
    ///
    /// If it cannot be written so.
    fn into_message(self) -> Result<Message, Unwritable>;
}

/// A message that is not what its consumer receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It was of the other kind: text or bytes.
    Kind,
    /// It could not be read, for this reason.
    Content(String),
}

/// Something that cannot be sent to a client, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable(pub String);

impl Message {
    /// Returns how many bytes it has.
    pub fn bytes(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }
}

impl Invalid {
    /// Returns the code that tells a client which of these it was.
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Invalid::Kind => CloseCode::UNSUPPORTED,
            Invalid::Content(_) => CloseCode::INVALID_DATA,
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::Kind => f.write_str("text and bytes are not the same here"),
            Invalid::Content(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Invalid {}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl FromMessage for Message {
    fn from_message(message: Message) -> Result<Message, Invalid> {
        Ok(message)
    }
}

/// For consumers that receive nothing: whatever comes is passed over.
impl FromMessage for () {
    fn from_message(_: Message) -> Result<(), Invalid> {
        Ok(())
    }
}

impl FromMessage for String {
    fn from_message(message: Message) -> Result<String, Invalid> {
        match message {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(Invalid::Kind),
        }
    }
}

impl FromMessage for Bytes {
    fn from_message(message: Message) -> Result<Bytes, Invalid> {
        match message {
            Message::Binary(bytes) => Ok(bytes),
            Message::Text(_) => Err(Invalid::Kind),
        }
    }
}

impl<T: DeserializeOwned> FromMessage for Json<T> {
    fn from_message(message: Message) -> Result<Json<T>, Invalid> {
        let text = String::from_message(message)?;
        let content = serde_json::from_str(&text);
        content.map(Json).map_err(|error| Invalid::Content(error.to_string()))
    }
}

impl IntoMessage for Message {
    fn into_message(self) -> Result<Message, Unwritable> {
        Ok(self)
    }
}

impl<T: Serialize> IntoMessage for Json<T> {
    fn into_message(self) -> Result<Message, Unwritable> {
        let text = serde_json::to_string(&self.0);
        text.map(Message::Text).map_err(|error| Unwritable(error.to_string()))
    }
}

macro_rules! into_message {
    ($($type:ty: $value:ident => $message:expr,)+) => {
        $(impl IntoMessage for $type {
            fn into_message(self) -> Result<Message, Unwritable> {
                let $value = self;
                Ok($message)
            }
        })+
    };
}

into_message! {
    String: text => Message::Text(text),
    &str: text => Message::Text(text.to_owned()),
    Bytes: bytes => Message::Binary(bytes),
    Vec<u8>: bytes => Message::Binary(bytes.into()),
    &[u8]: bytes => Message::Binary(Bytes::copy_from_slice(bytes)),
}
