//! The page, and what it needs.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;

const PAGE: &str = include_str!("page.html");
const MODULE: &str = include_str!("page.js");
const CLIENT: &str = include_str!("../../../../clients/js/campanile.js");

pub(crate) fn routes(websocket_url: &str) -> Router {
    let page = PAGE.replace("{websocket_url}", websocket_url);
    Router::new()
        .route("/", get(async move || Html(page.clone())))
        .route("/page.js", get(async || javascript(MODULE)))
        .route("/campanile.js", get(async || javascript(CLIENT)))
}

fn javascript(text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript")], text)
}
