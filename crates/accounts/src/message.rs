//! Messages that are shown once, on the next page.

use axum::response::{IntoResponseParts, ResponseParts};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// A message that is shown once, on the next page, such as that to which a form leads.
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use campanile_accounts::{Message, found};
///
/// async fn add() -> Response {
///     (Message::success("Entry successfully added"), found("/")).into_response()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How it is meant.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something was done.
    Success,
    /// Something was done, but.
    Warning,
    /// Something was not done.
    Error,
}

/// What a cookie can hold: more is not shown.
const BYTES_MAX: usize = 3_000;

impl Message {
    /// Says that something was done.
    pub fn success(text: impl Into<String>) -> Message {
        Message { level: Level::Success, text: text.into() }
    }

    /// Says that something was done, but.
    pub fn warning(text: impl Into<String>) -> Message {
        Message { level: Level::Warning, text: text.into() }
    }

    /// Says that something was not done.
    pub fn error(text: impl Into<String>) -> Message {
        Message { level: Level::Error, text: text.into() }
    }

    /// Returns the level as pages have it: `success`, `warning` or `error`.
    pub fn level(&self) -> &'static str {
        match self.level {
            Level::Success => "success",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl IntoResponseParts for Message {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        let mut messages = parts.extensions_mut().remove::<Messages>().unwrap_or_default();
        messages.0.push(self);
        parts.extensions_mut().insert(messages);
        Ok(parts)
    }
}

/// The messages of a response, on their way to the next request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages(pub(crate) Vec<Message>);

impl Messages {
    /// Writes as many as a cookie can hold.
    pub(crate) fn write(&self) -> String {
        let written = (0..=self.0.len()).rev().map(|count| {
            let json = serde_json::to_string(&self.0[..count]).unwrap_or_default();
            utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string()
        });
        written.into_iter().find(|text| text.len() <= BYTES_MAX).unwrap_or_default()
    }

    /// Reads what a cookie held. It may be anybody's text: pages escape it, as all texts.
    pub(crate) fn read(cookie: &str) -> Messages {
        let json = percent_decode_str(cookie).decode_utf8_lossy();
        serde_json::from_str(&json).map(Messages).unwrap_or_default()
    }
}
