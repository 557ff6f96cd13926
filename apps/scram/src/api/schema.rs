//! `/schema/`: the description of the API, and a page that shows it without anything from elsewhere.

use super::document;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use campanile_accounts::File;
use http::header::CONTENT_TYPE;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the description is JSON"));

// The gateway has such a page already; its script reads the description of whatever it belongs to.
const SCRIPT: File = File::javascript(include_str!("../../../gateway/src/api/page/page.js"));
const STYLE: File = File::css(include_str!("../../../gateway/src/api/page/style.css"));
const PAGE: &str = include_str!("schema/index.html");

/// Returns the routes: the description where the original has it and where the page looks for it, and
/// the page under the names of the original's two.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let document = async || ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str());
    let page = async || Html(PAGE);
    Router::new()
        .route("/schema/", get(document))
        .route("/api/v1/openapi.json", get(document))
        .route("/schema/swagger-ui/", get(page))
        .route("/schema/redoc/", get(page))
        .route("/schema/page.js", SCRIPT.route())
        .route("/schema/style.css", STYLE.route())
}
