//! The listener for the backend and for operators: triggers, metrics, readiness.

pub mod trigger;

use crate::accept::Asked;
use crate::admin;
use crate::answer::{Answer, not_allowed, of_type, text, unavailable, with};
use crate::metrics;
use crate::revalidate;
use crate::serve::Shared;
use http::header::{AUTHORIZATION, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use std::sync::Arc;

/// Answers a request of the internal listener.
pub async fn answer(shared: Arc<Shared>, asked: Asked) -> Answer {
    let request = asked.request;
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        // Old backends put the path behind a URL that ends in a slash.
        "/trigger/" | "/trigger" | "//trigger/" | "//trigger" => {
            trigger::answer(&shared, request).await
        }
        "/api/v1/revalidate" | "/api/v1/disconnect" => wish(&shared, &request),
        "/metrics" | "/readyz" | "/livez" if !is_reading => not_allowed("GET, HEAD"),
        "/metrics" if !is_permitted(&shared, request.headers()) => unauthorized(),
        "/metrics" => of_type(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics::page(&shared),
        ),
        "/readyz" => readiness(&shared),
        "/livez" => text(StatusCode::OK, "alive\n"),
        path if path == "/admin" || path.starts_with("/admin/") => match is_reading {
            true => admin::answer(path),
            false => not_allowed("GET, HEAD"),
        },
        _ => text(
            StatusCode::NOT_FOUND,
            "Nothing is here. Post triggers to /trigger/; there are also /metrics, /readyz, \
             /livez and /admin/.\n",
        ),
    }
}

/// Answers whoever wishes that the rights of connections are renewed, or that they are closed.
fn wish(shared: &Shared, request: &Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    if let Some(refusal) = turned_away(shared, request.headers()) {
        return refusal;
    }
    let query = request.uri().query().unwrap_or_default();
    match request.uri().path() {
        "/api/v1/disconnect" => revalidate::http::disconnect(shared, query),
        _ => revalidate::http::revalidate(shared, query),
    }
}

/// Says whether this node does all that it should, or why not.
fn readiness(shared: &Shared) -> Answer {
    if shared.is_leaving() {
        return unavailable("stopping\n");
    }
    match shared.publishing.trouble() {
        Some(trouble) => unavailable(format!("{trouble}\n")),
        None => text(StatusCode::OK, "ready\n"),
    }
}

/// Lets a request through that may change something. Where no key is asked for, one that a browser
/// sends for a page is refused: any page that somebody on this machine opens could post to loopback.
///
/// Returns the answer to one that may not.
fn turned_away(shared: &Shared, headers: &HeaderMap) -> Option<Answer> {
    if !is_permitted(shared, headers) {
        return Some(unauthorized());
    }
    if shared.config().internal.keys.is_empty() && headers.contains_key(ORIGIN) {
        let why = "a web page may not do this: set the [internal] key and send it along\n";
        return Some(text(StatusCode::FORBIDDEN, why));
    }
    None
}

/// Returns whether a request has one of the keys, where there are any.
fn is_permitted(shared: &Shared, headers: &HeaderMap) -> bool {
    let config = shared.config();
    let keys = &config.internal.keys;
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
    });
    let plain = headers.get("x-api-key").map(|value| value.as_bytes());
    keys.is_empty() || bearer.or(plain).is_some_and(|offered| keys.have(offered))
}

fn unauthorized() -> Answer {
    let body = "this needs the [internal] key, as `Authorization: Bearer KEY`\n";
    with(text(StatusCode::UNAUTHORIZED, body), WWW_AUTHENTICATE, "Bearer")
}
