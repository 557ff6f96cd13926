//! Files that come with the program.

use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::secret::digest;

/// A file that comes with the program, such as a style sheet: `include_str!` holds it. A browser
/// asks each time whether it is still the same.
///
/// ```
/// use campanile_accounts::File;
///
/// const STYLE: File = File::css("body { margin: 0 }");
/// let router: axum::Router = axum::Router::new().route("/static/app.css", STYLE.route());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct File {
    content_type: &'static str,
    text: &'static str,
}

/// The style sheet of all pages, at `/static/accounts/style.css`.
pub(crate) const STYLE: File = File::css(include_str!("../static/style.css"));

impl File {
    /// Makes it a style sheet.
    pub const fn css(text: &'static str) -> File {
        File::new("text/css; charset=utf-8", text)
    }

    /// Makes it an ES module.
    pub const fn javascript(text: &'static str) -> File {
        File::new("text/javascript; charset=utf-8", text)
    }

    /// Makes it a picture.
    pub const fn svg(text: &'static str) -> File {
        File::new("image/svg+xml", text)
    }

    /// Makes it of any kind.
    pub const fn new(content_type: &'static str, text: &'static str) -> File {
        File { content_type, text }
    }

    /// Makes a route of it.
    pub fn route<S: Clone + Send + Sync + 'static>(self) -> MethodRouter<S> {
        let tag = format!("\"{}\"", &digest(self.text)[..16]);
        let tag = HeaderValue::from_str(&tag).expect("these are digits");
        get(async move |headers: HeaderMap| self.respond(&headers, &tag))
    }

    fn respond(self, headers: &HeaderMap, tag: &HeaderValue) -> Response {
        let about = [
            (CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (ETAG, tag.clone()),
        ];
        if headers.get(IF_NONE_MATCH) == Some(tag) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        (about, self.text).into_response()
    }
}
