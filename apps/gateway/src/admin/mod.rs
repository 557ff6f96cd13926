//! The page for those who operate a node, on the internal listener at `/admin/`. It is in the
//! binary, takes nothing from elsewhere, and knows only what the API and `/metrics` say.

use crate::answer::{Answer, of_type, text, with};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: &[(&str, &str, &str)] = &[
    ("/admin/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/admin/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/admin/admin.js", JAVASCRIPT, include_str!("page/admin.js")),
    ("/admin/api.js", JAVASCRIPT, include_str!("page/api.js")),
    ("/admin/plots.js", JAVASCRIPT, include_str!("page/plots.js")),
    ("/admin/tables.js", JAVASCRIPT, include_str!("page/tables.js")),
    ("/admin/forms.js", JAVASCRIPT, include_str!("page/forms.js")),
    ("/admin/connection.js", JAVASCRIPT, include_str!("page/connection.js")),
    ("/admin/elements.js", JAVASCRIPT, include_str!("page/elements.js")),
];

/// Nothing from elsewhere, and in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers a request for a part of the page. None of it is secret: what it shows, it asks for.
pub fn answer(path: &str) -> Answer {
    if path == "/admin" {
        return with(text(StatusCode::PERMANENT_REDIRECT, ""), LOCATION, "/admin/");
    }
    let Some((_, content_type, body)) = FILES.iter().find(|(known, ..)| *known == path) else {
        return text(StatusCode::NOT_FOUND, "Nothing is here. The page is at /admin/.\n");
    };
    let answer = with(of_type(StatusCode::OK, content_type, *body), CACHE_CONTROL, "no-cache");
    let answer = with(answer, CONTENT_SECURITY_POLICY, POLICY);
    with(answer, REFERRER_POLICY, "no-referrer")
}
