//! What requests and answers are made of.

use super::Error;
use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse, Response};
use campanile_hub::{RequestId, Room};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// How long a page is if nobody says, and at most.
pub(super) const PAGE: usize = 100;
pub(super) const PAGE_MAX: usize = 1000;

/// The parameters behind the question mark.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Parameters(value)).map_err(|error| Error::bad(error.body_text()))
    }
}

/// An answer.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_string(&self.0) else {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Error::new(status, "internal", "the answer is no JSON").into_response();
        };
        let mut response = body.into_response();
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// What a function of the API returns.
pub(super) type Answered<T> = Result<Json<T>, Error>;

/// Returns how many are wanted.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Error> {
    match asked.unwrap_or(PAGE) {
        0 => Err(Error::bad("limit is 0")),
        limit if limit > PAGE_MAX => Err(Error::bad(format!("limit is more than {PAGE_MAX}"))),
        limit => Ok(limit),
    }
}

/// Reads a room that may have been given.
pub(super) fn room(name: &str, text: &str) -> Result<Room, Error> {
    Room::parse(text).map_err(|error| Error::bad(format!("{name}: {error}: {text:.200}")))
}

/// A room, or a request id, as the JSON that it is.
pub(super) type Raw = Box<RawValue>;

pub(super) fn raw_room(room: &Room) -> Raw {
    raw(room.as_str())
}

pub(super) fn raw_id(id: &RequestId) -> Raw {
    raw(id.as_json())
}

fn raw(canonical: &str) -> Raw {
    RawValue::from_string(canonical.to_owned()).expect("it is canonical JSON")
}
