//! The description of the API, and the page that shows it.

use super::document;
use crate::answer::{Answer, json};
use crate::assets::{CSS, HTML, JAVASCRIPT, Page};
use http::StatusCode;
use std::sync::LazyLock;

const PAGE: Page = Page {
    files: &[
        ("/api/v1/", HTML, include_str!("page/index.html")),
        ("/api/v1/style.css", CSS, include_str!("page/style.css")),
        ("/api/v1/page.js", JAVASCRIPT, include_str!("page/page.js")),
    ],
    sources: "default-src 'self'",
    referrer: "same-origin",
};

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the description is JSON"));

/// Returns one of the files; they say nothing that is secret, and need no key.
pub(super) fn file(path: &str) -> Option<Answer> {
    if path == "/api/v1/openapi.json" {
        return Some(json(StatusCode::OK, DOCUMENT.as_str()));
    }
    // The page's own addresses are relative, so it has to be at the one with the slash.
    PAGE.file(if path == "/api/v1" { "/api/v1/" } else { path })
}
