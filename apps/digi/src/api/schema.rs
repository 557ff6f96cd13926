//! `/schema/`: the description of the API, and a page that shows it without anything from elsewhere.

use super::document;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use campanile_accounts::File;
use campanile_openapi_page::{SCRIPT, STYLE, page};
use http::header::CONTENT_TYPE;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the description is JSON"));

static PAGE: LazyLock<String> = LazyLock::new(|| page("DIGI", "/api/v1/openapi.json", "/schema/"));

/// Returns the routes.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let document = async || ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str());
    let shown = async || Html(PAGE.as_str());
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/schema/", get(shown))
        .route("/schema/page.js", File::javascript(SCRIPT).route())
        .route("/schema/style.css", File::css(STYLE).route())
}
