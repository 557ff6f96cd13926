//! The opening handshake's other half: from a consumer's acceptance to a connection on a loop.

mod socket;

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use campanile_manager::wire::deflate::{Agreed, Settings};
use campanile_manager::wire::handshake::Upgrade;
use campanile_manager::{Adoption, Handle, PostError, Promise};
use http::{HeaderName, HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio::sync::oneshot;

use crate::CloseCode;
use crate::line::{Carrier, Line};
use crate::server::Inner;
use crate::service::{OnLoop, Seat};
#[cfg(feature = "testing")]
use crate::testing::Stage;

/// A handshake that waits for the consumer's decision.
pub(crate) struct Opening {
    pub(crate) upgrade: Upgrade,
    pub(crate) transport: Transport,
}

/// What will carry the frames.
pub(crate) enum Transport {
    /// A connection that speaks HTTP so far.
    Http(OnUpgrade),
    /// A test.
    #[cfg(feature = "testing")]
    Test(Arc<Stage>),
}

impl Opening {
    /// Returns what a test has put in the place of a connection.
    #[cfg(feature = "testing")]
    pub(crate) fn stage(&self) -> Option<Arc<Stage>> {
        match &self.transport {
            Transport::Test(stage) => Some(Arc::clone(stage)),
            Transport::Http(_) => None,
        }
    }

    /// Returns the line between the consumer's task and its connection.
    pub(crate) fn line(&self, server: &Inner) -> Arc<Line> {
        match (&self.transport, &server.loops) {
            #[cfg(feature = "testing")]
            (Transport::Test(stage), _) => Arc::clone(&stage.line),
            (Transport::Http(_), Some(loops)) => {
                Line::new(Carrier::Loops(loops.clone()), &server.limits)
            }
            (Transport::Http(_), None) => unreachable!("a server without loops is for tests"),
        }
    }

    /// Answers the request, and has a loop take the connection over. Returns whether that succeeds: if
    /// not, the line has ended.
    pub(crate) async fn open(
        self,
        server: &Inner,
        line: &Arc<Line>,
        subprotocol: Option<String>,
        answer: oneshot::Sender<Response>,
    ) -> bool {
        // Whoever is let in finds a loop, and hears from it how it ends.
        let promise = match server.loops.as_ref().map(Handle::promise).transpose() {
            Ok(promise) => promise,
            Err(why) => {
                server.counters.rejected.one_more();
                server.counters.rejected_full.one_more();
                line.ends(closed_by(why));
                // It is nobody's where the client has gone.
                let _ = answer.send(not_now(why));
                return false;
            }
        };
        let (response, deflate) = self.answer(server.compression, subprotocol.as_deref());
        if answer.send(response).is_err() {
            line.ends(CloseCode::ABNORMAL);
            return false;
        }
        match (self.transport, promise) {
            (Transport::Http(upgrade), Some(promise)) => {
                // Whatever becomes of it, the consumer hears its end.
                hand_over(server, upgrade, deflate, Seat(Arc::clone(line)), promise).await
            }
            (Transport::Http(_), None) => unreachable!("a server without loops is for tests"),
            #[cfg(feature = "testing")]
            (Transport::Test(_), _) => true,
        }
    }

    /// Returns the response that opens the WebSocket, and what holds about compression from there on.
    fn answer(&self, compression: bool, subprotocol: Option<&str>) -> (Response, Option<Agreed>) {
        let settings = Settings::default();
        let chosen: Vec<&str> = subprotocol.into_iter().collect();
        let answer = self.upgrade.answer(&chosen, compression.then_some(&settings));
        if answer.protocol != subprotocol {
            tracing::warn!(
                "a consumer chose a subprotocol that its client did not offer: left out"
            );
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in answer.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("these are names of headers");
            let value = HeaderValue::from_str(value).expect("the handshake answers in ASCII");
            response.headers_mut().insert(name, value);
        }
        (response, answer.deflate)
    }
}

/// Waits until the response is written, and hands the connection over to the loop it is promised to.
async fn hand_over(
    server: &Inner,
    upgrade: OnUpgrade,
    deflate: Option<Agreed>,
    seat: Seat,
    promise: Promise<OnLoop>,
) -> bool {
    let upgraded = match tokio::time::timeout(server.limits.connect_within, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client left before its WebSocket was open");
            return false;
        }
        Err(_) => return false,
    };
    let (socket, early) = match socket::take(server, upgraded) {
        Ok(taken) => taken,
        Err(error) => {
            tracing::warn!(%error, "a connection could not be handed over");
            return false;
        }
    };
    match promise.keep(Adoption { socket, early, deflate, session: seat }) {
        Ok(()) => true,
        Err(adoption) => {
            adoption.session.0.ends(CloseCode::GOING_AWAY);
            tracing::warn!("a client is cut off: the loops were to wait no longer");
            false
        }
    }
}

/// Returns what a consumer hears whose client finds no loop.
fn closed_by(why: PostError) -> CloseCode {
    match why {
        PostError::Full => CloseCode::TRY_AGAIN_LATER,
        PostError::Ended => CloseCode::GOING_AWAY,
    }
}

/// Asks a client for which there is no loop to come again.
fn not_now(why: PostError) -> Response {
    tracing::warn!("a client is not let in: {why}");
    (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
}
