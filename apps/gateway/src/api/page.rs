//! The description of the API, and the page that shows it.

use super::document;
use crate::answer::{Answer, json};
use crate::assets::{CSS, File, HTML, JAVASCRIPT, Page};
use campanile_openapi_page::{SCRIPT, STYLE, page};
use http::StatusCode;
use std::sync::LazyLock;

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        ("/api/v1/", HTML, &INDEX),
        ("/api/v1/style.css", CSS, STYLE),
        ("/api/v1/page.js", JAVASCRIPT, SCRIPT),
    ]
});

static INDEX: LazyLock<String> =
    LazyLock::new(|| page("Campanile", "/api/v1/openapi.json", "/api/v1/"));

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the description is JSON"));

/// Returns one of the files; they say nothing that is secret, and need no key.
pub(super) fn file(path: &str) -> Option<Answer> {
    if path == "/api/v1/openapi.json" {
        return Some(json(StatusCode::OK, DOCUMENT.as_str()));
    }
    let page = Page { files: &*FILES, sources: "default-src 'self'", referrer: "same-origin" };
    page.file(if path == "/api/v1" { "/api/v1/" } else { path })
}
