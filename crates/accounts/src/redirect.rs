//! Where somebody is led.

use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode};

/// Returns a path that was asked for, if it leads nowhere but to this application.
///
/// ```
/// use campanile_accounts::local_path;
///
/// assert_eq!(local_path("/entries/?page=2"), Some("/entries/?page=2"));
/// assert_eq!(local_path("//evil.example/"), None);
/// ```
pub fn local_path(next: &str) -> Option<&str> {
    // A browser takes `\` for `/`, and drops tabs and line breaks before it looks.
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = next.starts_with('/') && !next.starts_with("//");
    let is_path = next.parse::<PathAndQuery>().is_ok();
    (is_plain && is_local && is_path).then_some(next)
}

/// Leads to a path, which is asked for by GET (302).
///
/// ```
/// let response = campanile_accounts::found("/");
/// assert_eq!(response.headers()["location"], "/");
/// ```
pub fn found(path: &str) -> Response {
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(LOCATION, path)]).into_response()
}
