//! The page for those who operate a node, on the internal listener at `/admin/`. It is in the
//! binary, takes nothing from elsewhere, and knows only what the API and `/metrics` say.

use crate::answer::{Answer, text, with};
use crate::assets::{CSS, HTML, JAVASCRIPT, Page};
use http::StatusCode;
use http::header::LOCATION;

const STYLE: &str = concat!(include_str!("../assets/base.css"), include_str!("page/style.css"));

const PAGE: Page = Page {
    files: &[
        ("/admin/", HTML, include_str!("page/index.html")),
        ("/admin/style.css", CSS, STYLE),
        ("/admin/admin.js", JAVASCRIPT, include_str!("page/admin.js")),
        ("/admin/api.js", JAVASCRIPT, include_str!("page/api.js")),
        ("/admin/plots.js", JAVASCRIPT, include_str!("page/plots.js")),
        ("/admin/tables.js", JAVASCRIPT, include_str!("page/tables.js")),
        ("/admin/forms.js", JAVASCRIPT, include_str!("page/forms.js")),
        ("/admin/connection.js", JAVASCRIPT, include_str!("page/connection.js")),
        ("/admin/elements.js", JAVASCRIPT, include_str!("page/elements.js")),
    ],
    sources: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
    referrer: "no-referrer",
};

/// Answers a request for a part of the page. None of it is secret: what it shows, it asks for.
pub fn answer(path: &str) -> Answer {
    if path == "/admin" {
        return with(text(StatusCode::PERMANENT_REDIRECT, ""), LOCATION, "/admin/");
    }
    let missing = || text(StatusCode::NOT_FOUND, "Nothing is here. The page is at /admin/.\n");
    PAGE.file(path).unwrap_or_else(missing)
}
