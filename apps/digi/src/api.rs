//! What programs and pages ask for: the REST API below `/api/v1/`, its description, health and numbers.
//!
//! Routes and their description are one: [`document`] is made from the functions that answer.
//! There is a file for each collection; what they share stands below them.

#![expect(unused_qualifications, reason = "utoipa writes the types that stand in attributes")]

mod conversations;
mod messages;
mod search;
mod users;

mod health;
mod metrics;
mod schema;

pub(crate) mod asked;
mod problems;

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
        .layer(from_fn_with_state(Arc::clone(&app.requests), around))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DIGI",
        description = "A chat of two. A program shows `Authorization: Token …`, which \
            POST /auth-token/ tells. Ids are encrypted and stay the same until the keys change.",
    ),
    tags(
        (name = "users", description = "Who asks, and whom to talk to."),
        (name = "connections", description = "Conversations of two."),
        (name = "messages", description = "What is said in them."),
        (name = "server", description = "How this server is."),
    ),
    paths(campanile_application::answers::token)
)]
struct Description;

fn described() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(users::me))
        .routes(routes!(users::list))
        .routes(routes!(conversations::list, conversations::ask))
        .routes(routes!(conversations::show, conversations::leave))
        .routes(routes!(conversations::accept))
        .routes(routes!(conversations::decline))
        .routes(routes!(conversations::block))
        .routes(routes!(conversations::unblock))
        .routes(routes!(messages::list, messages::add))
        .routes(routes!(messages::edit, messages::delete))
        .routes(routes!(messages::read))
        .routes(routes!(search::search));
    OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", routes)
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| described().split_for_parts().1);

/// Returns the description of all routes.
pub fn document() -> &'static Document {
    &DOCUMENT
}
