//! What is answered when something was not done.

use crate::store::{ConversationError, FindError, WriteError};
use campanile_accounts::Problem;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Why something was not done.
#[derive(Serialize, ToSchema)]
pub(super) struct Detail {
    /// A sentence for a person.
    #[schema(example = "Not found.")]
    detail: String,
}

/// Which fields were wrong, and why; or, as `detail`, what else was.
#[derive(Serialize, ToSchema)]
pub(super) struct Faults {
    /// For each field that was wrong, sentences for a person.
    #[serde(flatten)]
    #[schema(example = json!({"message": ["A message has a text."]}))]
    fields: std::collections::BTreeMap<String, Vec<String>>,
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Problem {
        match error {
            FindError::NotFound => Problem::NotFound,
            FindError::Database(error) => error.into(),
        }
    }
}

impl From<ConversationError> for Problem {
    fn from(error: ConversationError) -> Problem {
        let text = error.to_string();
        match error {
            ConversationError::NotFound => Problem::NotFound,
            ConversationError::Oneself => Problem::field("username", text),
            ConversationError::Forbidden => Problem::Forbidden(text),
            ConversationError::TooMany(_) => Problem::Other(StatusCode::TOO_MANY_REQUESTS, text),
            ConversationError::Database(error) => error.into(),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Problem {
        let text = error.to_string();
        match error {
            WriteError::NotFound => Problem::NotFound,
            WriteError::NotOwner => Problem::Forbidden(text),
            WriteError::Invalid(_) | WriteError::TooLong(_) => Problem::field("message", text),
            WriteError::Database(error) => error.into(),
        }
    }
}
