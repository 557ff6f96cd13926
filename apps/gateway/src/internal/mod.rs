//! The listener for the backend and for operators: triggers, metrics, readiness.

pub mod pages;
pub mod trigger;

use crate::accept::Asked;
use crate::admin;
use crate::answer::{Answer, not_allowed, of_type, text, unavailable, with};
use crate::api;
use crate::metrics;
use crate::serve::Shared;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use std::fmt;
use std::sync::Arc;

/// Answers a request of the internal listener.
pub async fn answer(shared: Arc<Shared>, asked: Asked) -> Answer {
    let request = asked.request;
    if let Some(refusal) = pages::refused(&shared, &request) {
        return refusal;
    }
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        // Old backends put the path behind a URL that ends in a slash.
        "/trigger/" | "/trigger" | "//trigger/" | "//trigger" => {
            trigger::answer(&shared, request).await
        }
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
        path if api::has(path) => api::answer(&shared, request).await,
        _ => text(
            StatusCode::NOT_FOUND,
            "Nothing is here. Post triggers to /trigger/; there are also /api/v1/, /metrics, /readyz, \
             /livez and /admin/.\n",
        ),
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

/// Why a request may not do what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It has none of the keys.
    NoKey,
    /// A browser sends it for a page of another origin, and no key is asked for: any page that
    /// somebody on this machine opens could post to loopback.
    WebPage,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "this needs the [internal] key, as `Authorization: Bearer KEY`",
            Self::WebPage => {
                "a page of another origin may not do this: set the [internal] key and send it along"
            }
        })
    }
}

/// Returns why a request that may change something is turned away; none if it is let through.
pub fn turned(shared: &Shared, headers: &HeaderMap) -> Option<Turned> {
    if !is_permitted(shared, headers) {
        return Some(Turned::NoKey);
    }
    let is_open = shared.config().internal.keys.is_empty();
    (is_open && !pages::is_same_origin(headers)).then_some(Turned::WebPage)
}

/// Returns the answer to one that is turned away.
fn turned_away(shared: &Shared, headers: &HeaderMap) -> Option<Answer> {
    turned(shared, headers).map(|turned| match turned {
        Turned::NoKey => unauthorized(),
        Turned::WebPage => text(StatusCode::FORBIDDEN, format!("{turned}\n")),
    })
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
    let body = format!("{}\n", Turned::NoKey);
    with(text(StatusCode::UNAUTHORIZED, body), WWW_AUTHENTICATE, "Bearer")
}
