//! What programs ask for: the REST API below `/api/v1/`, its description, health and numbers.
//!
//! Routes and their description are one: [`document`] is made from the functions that answer.
//! There is a file for each collection; what they share stands below them.

#![expect(unused_qualifications, reason = "utoipa writes the types that stand in attributes")]

mod action_types;
mod activity;
mod clients;
mod entries;
mod ignore_entries;
mod root;
mod users;

mod health;
mod metrics;
mod process_updates;
mod schema;

mod base;
mod listing;
mod problems;
mod sent;
mod surface;

pub use surface::Surface;

use crate::app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use campanile_accounts::Problem;
use campanile_application::around;
use std::sync::{Arc, LazyLock};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// Returns the routes.
pub fn routes(app: &App) -> Router<App> {
    let nothing = async || Problem::NotFound;
    let (router, _) = described().split_for_parts();
    let router = router
        .route("/api/", any(nothing))
        .route("/api/{*path}", any(nothing))
        .merge(schema::routes());
    app.accounts
        .api(router)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&app.surface.requests), around))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SCRAM",
        description = "The networks to act on. A program shows `Authorization: Token …`, which \
            POST /auth-token/ tells; or, where it only adds entries, the UUID of its registration.",
    ),
    tags(
        (name = "entries", description = "The networks to act on."),
        (name = "clients", description = "Programs that add entries."),
        (name = "ignore entries", description = "Networks that must never be acted on."),
        (name = "action types", description = "What can be done about a network."),
        (name = "users", description = "Who asks."),
        (name = "server", description = "How this server is."),
    ),
    paths(campanile_application::answers::token)
)]
struct Description;

fn described() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(entries::list, entries::add))
        .routes(routes!(entries::show, entries::remove))
        .routes(routes!(activity::is_active))
        .routes(routes!(clients::register))
        .routes(routes!(ignore_entries::list, ignore_entries::add))
        .routes(routes!(
            ignore_entries::show,
            ignore_entries::replace,
            ignore_entries::change,
            ignore_entries::remove
        ))
        .routes(routes!(action_types::list))
        .routes(routes!(action_types::show))
        .routes(routes!(users::list))
        .routes(routes!(users::show));
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(root::collections))
        .nest("/api/v1", routes)
        .routes(routes!(health::health))
        .routes(routes!(process_updates::get, process_updates::post))
        .routes(routes!(metrics::metrics))
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let (_, mut document) = described().split_for_parts();
    // A network holds a slash, so its route takes the rest of the path: `{*network}`.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| match path.split_once("{*") {
            Some((before, name)) => (format!("{before}{{{name}/"), item),
            None => (path, item),
        })
        .collect();
    document
});

/// Returns the description of all routes.
pub fn document() -> &'static Document {
    &DOCUMENT
}
