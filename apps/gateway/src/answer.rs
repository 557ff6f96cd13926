//! Short HTTP answers, as both listeners give them.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// A whole answer; none of ours is long.
pub type Answer = Response<Full<Bytes>>;

/// Returns an answer of plain text.
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    of_type(status, "text/plain; charset=utf-8", body)
}

/// Returns an answer of JSON.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    of_type(status, "application/json", body)
}

/// Returns an answer of some type.
pub fn of_type(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Returns an answer for those who may try again soon.
pub fn unavailable(why: impl Into<Bytes>) -> Answer {
    with(text(StatusCode::SERVICE_UNAVAILABLE, why), RETRY_AFTER, "2")
}

/// Returns the answer to another method than `methods`.
pub fn not_allowed(methods: &'static str) -> Answer {
    let body = format!("there is only {methods} here\n");
    with(text(StatusCode::METHOD_NOT_ALLOWED, body), ALLOW, methods)
}

/// Adds a header to an answer.
pub fn with(mut answer: Answer, name: HeaderName, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}
