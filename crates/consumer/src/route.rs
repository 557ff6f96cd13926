//! A consumer on a router: requests for a WebSocket are checked here, and put before it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any};
use campanile_manager::wire::handshake::{self, Upgrade};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use tokio::sync::oneshot;

use crate::log::Visitor;
use crate::opening::{Opening, Transport};
use crate::scope;
use crate::server::{Inner, Phase, Place, Server};
use crate::task::{self, Guest};
use crate::{Consumer, Refusal, Scope};

/// Makes a route of a consumer, for a router without state:
/// `router.route("/ws/chat/{id}/", consumer::<Chat>())`.
pub fn consumer<C: Consumer>() -> MethodRouter
where
    C::User: FromRequestParts<()>,
{
    consumer_with_state::<C, ()>()
}

/// Makes a route of a consumer, for a router with any state: `consumer_with_state::<Chat, _>()`.
pub fn consumer_with_state<C: Consumer, S: Clone + Send + Sync + 'static>() -> MethodRouter<S>
where
    C::User: FromRequestParts<S>,
{
    any(async |State(state): State<S>, request: Request| respond::<C, S>(request, &state).await)
}

/// Answers a request for a WebSocket.
async fn respond<C: Consumer, S: Send + Sync>(request: Request, state: &S) -> Response
where
    C::User: FromRequestParts<S>,
{
    let (mut parts, _) = request.into_parts();
    let server = match parts.extensions.get::<Server>() {
        Some(server) => Arc::clone(&server.0),
        None => match Server::of_process() {
            Ok(server) => server.0,
            Err(error) => {
                tracing::error!(%error, "no loop can be started");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    let upgrade = match upgrade(&parts) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refused(refusal).into_response(),
    };
    let visitor = Visitor::new(parts.uri.path(), scope::client(&parts));
    server.counters.handshakes.one_more();
    let guest = admit::<C, S>(&server, &mut parts, state, upgrade).await;
    let (user, params, opening, place) = match guest {
        Ok(admitted) => admitted,
        Err(refusal) => {
            server.counters.rejected.one_more();
            visitor.is_rejected(&refusal);
            return refusal.into_response();
        }
    };
    let scope = Scope::new(user, parts, params, opening.upgrade.protocols.clone());
    let (answer, answered) = oneshot::channel();
    #[cfg(feature = "testing")]
    let stage = opening.stage();
    let guest = Guest { server, scope, visitor, opening, answer, place };
    // In a task of its own: that the client goes away does not cancel it half-way.
    let life = tokio::spawn(task::live::<C>(Box::new(guest)));
    #[cfg(feature = "testing")]
    if let Some(stage) = stage {
        stage.keep(life);
    }
    #[cfg(not(feature = "testing"))]
    drop(life);
    answered.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

type Admitted<U> = (U, Vec<(String, String)>, Opening, Place);

/// Checks what has to be before a consumer is asked.
async fn admit<C: Consumer, S: Send + Sync>(
    server: &Arc<Inner>,
    parts: &mut Parts,
    state: &S,
    upgrade: Upgrade,
) -> Result<Admitted<C::User>, Refusal>
where
    C::User: FromRequestParts<S>,
{
    if !server.origins.allow(&parts.headers) {
        server.counters.rejected_origin.one_more();
        return Err(refused(handshake::Refusal::Origin));
    }
    // The place first: the end waits for all that are taken when it begins.
    let is_running = |_: &Place| *server.phase.borrow() == Phase::Runs;
    let Some(place) = Place::take(server).filter(is_running) else {
        server.counters.rejected_full.one_more();
        return Err(Refusal::new((StatusCode::SERVICE_UNAVAILABLE, "no place is free\n")));
    };
    let transport = transport(parts)?;
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(Refusal::new)?;
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let user = user::<C, S>(parts, state).await?;
    Ok((user, params, Opening { upgrade, transport }, place))
}

fn upgrade(parts: &Parts) -> Result<Upgrade, handshake::Refusal> {
    let minor_version = u8::from(parts.version == Version::HTTP_11);
    let fields = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Upgrade::from_parts(parts.method.as_str(), minor_version, fields)
}

fn transport(parts: &mut Parts) -> Result<Transport, Refusal> {
    #[cfg(feature = "testing")]
    if let Some(stage) = crate::testing::stage(parts) {
        return Ok(Transport::Test(stage));
    }
    let upgrade = parts.extensions.remove::<OnUpgrade>().map(Transport::Http);
    upgrade.ok_or_else(|| {
        tracing::error!("this request cannot be upgraded: by which server does it come?");
        Refusal::from(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

async fn user<C: Consumer, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<C::User, Refusal>
where
    C::User: FromRequestParts<S>,
{
    #[cfg(feature = "testing")]
    if let Some(user) = crate::testing::user::<C::User>(parts) {
        return Ok(user);
    }
    C::User::from_request_parts(parts, state).await.map_err(Refusal::new)
}

/// Says why a request does not become a WebSocket.
fn refused(refusal: handshake::Refusal) -> Refusal {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = (status, format!("{refusal}\n")).into_response();
    for (name, value) in refusal.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("these are names of headers");
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    Refusal::new(response)
}
