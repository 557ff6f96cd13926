//! What is answered when it cannot be done.

use crate::lookup::Behind;
use axum::response::{IntoResponse, Response};
use campanile_manager::PostError;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// Why it was not done.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    retry_after: Option<&'static str>,
    body: Failure,
}

/// Every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Failure {
    error: Said,
}

/// What it says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Said {
    /// A word that stays the same.
    #[schema(example = "bad_request")]
    code: &'static str,
    /// What happened and what to do, for a person.
    message: String,
}

impl Error {
    /// Makes one.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Error {
        let error = Said { code, message: message.into() };
        Error { status, retry_after: None, body: Failure { error } }
    }

    /// The request means nothing.
    pub fn bad(message: impl Into<String>) -> Error {
        Error::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// What it is about is not there.
    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// There is nothing of that method.
    pub fn method_not_allowed() -> Error {
        let message = "there is no such method here; GET /api/v1/ lists what there is";
        Error::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// Returns what it says to a person.
    pub(super) fn message(&self) -> &str {
        &self.body.error.message
    }

    /// Returns whether it says that something is not there.
    pub(super) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(self, seconds: Option<&'static str>) -> Error {
        Error { retry_after: seconds, ..self }
    }
}

impl From<Behind> for Error {
    fn from(behind: Behind) -> Error {
        let error = Error::new(StatusCode::SERVICE_UNAVAILABLE, "behind", behind.to_string());
        error.retry_after(Some("1"))
    }
}

impl From<PostError> for Error {
    fn from(error: PostError) -> Error {
        let message = format!("{error}. What could be told was");
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "behind", message).retry_after(Some("1"))
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self.body).expect("texts are always JSON");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}
