//! The description of the API, and the page that shows it.

use super::document;
use crate::answer::{Answer, json, of_type, with};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use std::sync::LazyLock;

const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page's files: path, type, text.
const FILES: [(&str, &str, &str); 3] = [
    ("/api/v1/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/api/v1/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/api/v1/page.js", "text/javascript; charset=utf-8", include_str!("page/page.js")),
];

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the description is JSON"));

/// Returns one of the files; they say nothing that is secret, and need no key.
pub(super) fn file(path: &str) -> Option<Answer> {
    if path == "/api/v1/openapi.json" {
        return Some(json(StatusCode::OK, DOCUMENT.as_str()));
    }
    // The page's own addresses are relative, so it has to be at the one with the slash.
    let path = if path == "/api/v1" { "/api/v1/" } else { path };
    let (_, content_type, body) = FILES.iter().find(|(known, ..)| *known == path)?;
    let answer = with(of_type(StatusCode::OK, content_type, *body), CACHE_CONTROL, "no-cache");
    let answer = with(answer, CONTENT_SECURITY_POLICY, POLICY);
    Some(with(answer, REFERRER_POLICY, "same-origin"))
}
