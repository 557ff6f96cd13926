//! `/api/v1/`: what operators and programs may ask of a gateway, and wish for, over HTTP.
//!
//! Routes and their description are one: [`document`] is made from the functions that answer.

#![expect(unused_qualifications, reason = "utoipa writes the types that stand in attributes")]

mod connections;
mod error;
mod explain;
mod node;
mod page;
mod parameters;
mod publish;
mod rooms;
mod users;

pub use error::Error;
pub use explain::answer_node;

use crate::answer::Answer;
use crate::internal::Turned;
use crate::serve::Shared;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::sync::{Arc, LazyLock};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where all of it is.
pub const PREFIX: &str = "/api/v1";

/// What every answer of it is made of.
type State = axum::extract::State<Arc<Shared>>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Campanile",
        description = "What a running gateway can be asked, and wished for. It is served on the \
            internal listener, and takes its key as `Authorization: Bearer KEY` or `X-Api-Key`.",
    ),
    tags(
        (name = "triggers", description = "Publishing, and why somebody did or did not get it."),
        (name = "rooms", description = "The rooms of this node, and who is in them."),
        (name = "connections", description = "The connections of this node."),
        (name = "users", description = "Those whom the backend names; wishes for them reach all nodes."),
        (name = "node", description = "This node."),
    )
)]
struct Description;

static ROUTES: LazyLock<(Router<Arc<Shared>>, Document)> = LazyLock::new(|| {
    let routes = OpenApiRouter::new()
        .routes(routes!(publish::publish))
        .routes(routes!(explain::explain))
        .routes(routes!(explain::tail))
        .routes(routes!(rooms::list))
        .routes(routes!(rooms::connections))
        .routes(routes!(connections::list))
        .routes(routes!(connections::show, connections::disconnect))
        .routes(routes!(connections::revalidate))
        .routes(routes!(users::list))
        .routes(routes!(users::disconnect))
        .routes(routes!(users::revalidate))
        .routes(routes!(users::revalidate_some))
        .routes(routes!(users::disconnect_some))
        .routes(routes!(node::status))
        .routes(routes!(node::config));
    let all = OpenApiRouter::with_openapi(Description::openapi()).nest(PREFIX, routes);
    let (router, document) = all.split_for_parts();
    let router = router
        .fallback(|| async { Error::not_found("there is no such route; GET /api/v1/ lists them") })
        .method_not_allowed_fallback(|| async { Error::method_not_allowed() });
    (router, document)
});

/// Returns the description of all routes.
pub fn document() -> &'static Document {
    &ROUTES.1
}

/// Returns whether a path is one of these.
pub fn has(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request.
pub async fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Answer {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_reading && let Some(page) = page::file(request.uri().path()) {
        return page;
    }
    if let Some(turned) = crate::internal::turned(shared, request.headers()) {
        if request.uri().path() == "/api/v1/publish" {
            shared.unauthorized(request.headers());
        }
        return whole(refusal(turned).into_response()).await;
    }
    let router = ROUTES.0.clone().with_state(Arc::clone(shared));
    match router.oneshot(request.map(Body::new)).await {
        Ok(response) => whole(response).await,
        Err(never) => match never {},
    }
}

fn refusal(turned: Turned) -> Error {
    match turned {
        Turned::NoKey => Error::new(StatusCode::UNAUTHORIZED, "unauthorized", turned.to_string()),
        Turned::WebPage => Error::new(StatusCode::FORBIDDEN, "forbidden", turned.to_string()),
    }
}

/// Makes one piece of an answer, as this server's are.
async fn whole(response: Response) -> Answer {
    let (head, body) = response.into_parts();
    // All of them are in memory already.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut answer = Answer::new(Full::new(body));
    (*answer.status_mut(), *answer.headers_mut()) = (head.status, head.headers);
    answer
}
