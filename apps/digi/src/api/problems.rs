//! What is answered when something was not done.

use crate::app::ChangeError;
use crate::store::{ConversationError, FindError, WriteError};
use campanile_accounts::Problem;
use http::StatusCode;

pub(super) use campanile_application::answers::{Detail, Faults};

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

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Problem {
        match error {
            ChangeError::TooMuch(wait) => Problem::Throttled(wait),
            ChangeError::Write(error) => error.into(),
        }
    }
}
