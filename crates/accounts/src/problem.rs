//! What may go wrong, and how it is told.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;

/// Why a request is not answered as it was hoped.
///
/// As a response it is JSON: `{"detail":"…"}`, or `{"field":["…"]}`. On a [page](crate::Accounts::pages)
/// it becomes one, or leads to the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nobody is logged in (403).
    NotLoggedIn,
    /// Who is logged in may not do this (403).
    Forbidden(String),
    /// The anti-forgery token is missing or wrong, or the request comes from another site (403).
    Forged(&'static str),
    /// There is nothing there that the caller may know of (404).
    NotFound,
    /// Fields of what was sent are wrong (400).
    Invalid(Fields),
    /// Too many tries have failed, or there were too many (429).
    Throttled(Duration),
    /// Too much of the same kind is under way; later it may do (503).
    Busy,
    /// The database, or something else that is needed, failed (503). The log says what.
    Unavailable,
    /// Anything else.
    Other(StatusCode, String),
}

impl Problem {
    /// Returns that the caller may not do this.
    pub fn forbidden() -> Problem {
        Problem::Forbidden("You do not have permission to perform this action.".to_owned())
    }

    /// Returns that one field is wrong.
    pub fn field(name: &str, fault: impl Into<String>) -> Problem {
        Problem::Invalid(Fields::of(name, fault))
    }

    /// Returns that the request cannot be read (400).
    pub fn malformed(detail: impl Into<String>) -> Problem {
        Problem::Other(StatusCode::BAD_REQUEST, detail.into())
    }

    /// Returns the status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Problem::NotLoggedIn | Problem::Forbidden(_) | Problem::Forged(_) => {
                StatusCode::FORBIDDEN
            }
            Problem::NotFound => StatusCode::NOT_FOUND,
            Problem::Invalid(_) => StatusCode::BAD_REQUEST,
            Problem::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Problem::Busy | Problem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Problem::Other(status, _) => *status,
        }
    }

    /// Returns after how many seconds to try again; none if that would not help.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Problem::Throttled(wait) => Some(wait.as_secs().max(1)),
            Problem::Busy | Problem::Unavailable => Some(1),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NotLoggedIn => f.write_str("Authentication credentials were not provided."),
            Problem::Forged(why) => write!(f, "CSRF Failed: {why}"),
            Problem::NotFound => f.write_str("Not found."),
            Problem::Invalid(fields) => fields.fmt(f),
            Problem::Throttled(wait) => {
                let seconds = wait.as_secs().max(1);
                write!(f, "Request was throttled. Expected available in {seconds} seconds.")
            }
            Problem::Busy => f.write_str("The server is busy. Try again in a moment."),
            Problem::Unavailable => f.write_str(
                "The server cannot do this now: its database, or something else that it needs, \
                     does not answer. Try again in a moment.",
            ),
            Problem::Forbidden(detail) | Problem::Other(_, detail) => f.write_str(detail),
        }
    }
}

impl std::error::Error for Problem {}

/// Logs what the database said, which nobody else is told.
impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Problem {
        tracing::error!(%error, "the database failed");
        Problem::Unavailable
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = match &self {
            Problem::Invalid(fields) => Json(fields).into_response(),
            other => Json(json!({ "detail": other.to_string() })).into_response(),
        };
        let mut response = (self.status(), body).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // A page is made of it by `surface`, where there are any.
        response.extensions_mut().insert(self);
        response
    }
}

/// Fields that are wrong, each with why, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Vec<String>)>);

impl Fields {
    /// The name of that which concerns no field alone.
    pub const NONE: &str = "non_field_errors";

    /// Returns one.
    pub fn of(name: &str, fault: impl Into<String>) -> Fields {
        let mut fields = Fields::default();
        fields.add(name, fault);
        fields
    }

    /// Adds what is wrong with a field.
    pub fn add(&mut self, name: &str, fault: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, faults)) => faults.push(fault.into()),
            None => self.0.push((name.to_owned(), vec![fault.into()])),
        }
    }

    /// Returns what is wrong with a field: nothing, if it is not among them.
    pub fn get(&self, name: &str) -> &[String] {
        self.0.iter().find(|(known, _)| known == name).map_or(&[], |(_, faults)| faults)
    }

    /// Returns each field with what is wrong with it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, faults)| (&**name, &**faults))
    }

    /// Goes on only if nothing is wrong.
    ///
    /// # Errors
    ///
    /// [`Problem::Invalid`] if something is.
    pub fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::Invalid(self)) }
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, faults)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: {}", faults.join(" "))?;
        }
        Ok(())
    }
}
