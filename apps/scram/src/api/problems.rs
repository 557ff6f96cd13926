//! What is answered when something was not done.

use crate::store::{AddError, ChangeError, FindError, RemoveError};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use campanile_accounts::Problem;
use http::StatusCode;

pub(super) use campanile_application::answers::{Detail, Faults};

/// Reads a name in a path; what is no text is nobody's.
pub(super) fn name(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    match path {
        // PostgreSQL could not even compare it.
        Ok(Path(name)) if !name.contains('\0') => Ok(name),
        _ => Err(Problem::NotFound),
    }
}

/// Reads the rest of a path, with or without a slash at its end; what is no text is refused with `detail`.
pub(super) fn rest(
    path: Result<Path<String>, PathRejection>,
    detail: &str,
) -> Result<String, Problem> {
    let Path(rest) = path.map_err(|_| Problem::malformed(detail))?;
    Ok(rest.strip_suffix('/').unwrap_or(&rest).to_owned())
}

impl From<AddError> for Problem {
    fn from(error: AddError) -> Problem {
        let text = error.to_string();
        match error {
            AddError::ActionTypeUnknown(_) | AddError::ActionTypeDisabled(_) => {
                Problem::field("actiontype", text)
            }
            AddError::TooLarge(_) | AddError::Ignored(_) => Problem::malformed(text),
            AddError::ClientUnknown | AddError::ClientNotAllowed | AddError::NotPermitted => {
                Problem::Forbidden(text)
            }
            AddError::Busy => Problem::Busy,
            AddError::Database(error) => error.into(),
        }
    }
}

impl From<RemoveError> for Problem {
    fn from(error: RemoveError) -> Problem {
        match error {
            RemoveError::TooLarge(_) => Problem::malformed(error.to_string()),
            RemoveError::NotPermitted => Problem::forbidden(),
            RemoveError::Database(error) => error.into(),
        }
    }
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Problem {
        let text = error.to_string();
        match error {
            FindError::TooLarge(_) => Problem::malformed(text),
            FindError::NotOne => Problem::Other(StatusCode::NOT_FOUND, text),
            FindError::Database(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Problem {
        let text = error.to_string();
        match error {
            ChangeError::Invalid(field, why) => Problem::field(field, why),
            ChangeError::NotFound => Problem::NotFound,
            ChangeError::Duplicate(_) | ChangeError::InUse(_) => Problem::malformed(text),
            ChangeError::Database(error) => error.into(),
        }
    }
}
