//! A client that is about to connect.

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::{HOST, SEC_WEBSOCKET_PROTOCOL};
use http::{Request, StatusCode};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::{Connected, Impersonated, Stage, server};
use crate::line::{Carrier, Line};
use crate::server::Server;
use crate::{Consumer, Refusal, consumer};

/// A client that is about to connect to a consumer.
pub struct Communicator<C: Consumer> {
    request: http::request::Builder,
    path: String,
    make: Box<dyn FnOnce(&str) -> Router + Send>,
    server: Option<Server>,
    consumer: PhantomData<fn() -> C>,
}

impl<C: Consumer> Communicator<C> {
    /// Makes the client of a consumer alone, which requests `target`: a path, perhaps with a query.
    pub fn new(target: &str) -> Communicator<C>
    where
        C::User: FromRequestParts<()>,
    {
        Communicator::make(target, |path: &str| Router::new().route(path, consumer::<C>()))
    }

    /// Makes the client of a whole application, with all its middleware.
    pub fn with_router(router: Router, target: &str) -> Communicator<C> {
        Communicator::make(target, |_: &str| router)
    }

    fn make(target: &str, make: impl FnOnce(&str) -> Router + Send + 'static) -> Communicator<C> {
        let request = Request::get(target)
            .header(HOST, "testserver")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let path = target.split('?').next().unwrap_or(target).to_owned();
        Communicator { request, path, make: Box::new(make), server: None, consumer: PhantomData }
    }

    /// Sets the route's path, with its parameters: `/ws/chat/{room}/`.
    #[must_use]
    pub fn path(self, path: &str) -> Communicator<C> {
        Communicator { path: path.to_owned(), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Communicator<C> {
        Communicator { request: self.request.header(name, value), ..self }
    }

    /// Offers subprotocols.
    #[must_use]
    pub fn subprotocols(self, subprotocols: &[&str]) -> Communicator<C> {
        self.header(SEC_WEBSOCKET_PROTOCOL.as_str(), &subprotocols.join(", "))
    }

    /// Says who the client is; nothing is extracted.
    #[must_use]
    pub fn user(self, user: C::User) -> Communicator<C> {
        let user = Impersonated(Arc::new(Mutex::new(Some(user))));
        Communicator { request: self.request.extension(user), ..self }
    }

    /// Says from where the client comes.
    #[must_use]
    pub fn client(self, client: SocketAddr) -> Communicator<C> {
        Communicator { request: self.request.extension(ConnectInfo(client)), ..self }
    }

    /// Sets the server, so that several consumers share a channel layer: [`server`], or any other.
    #[must_use]
    pub fn server(self, server: &Server) -> Communicator<C> {
        Communicator { server: Some(server.clone()), ..self }
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// If the client is not let in.
    ///
    /// # Panics
    ///
    /// If the target or a header is none.
    pub async fn connect(self) -> Result<Connected, Refusal> {
        let server = self.server.unwrap_or_else(server);
        let told = Arc::new(Notify::new());
        let line = Line::new(Carrier::Test(Arc::clone(&told)), &server.0.limits);
        let stage = Arc::new(Stage { line, task: Mutex::default() });
        let request = self.request.extension(Arc::clone(&stage)).body(Body::empty());
        let request = request.expect("the target and the headers are such");
        let router = (self.make)(&self.path).layer(server.extension());
        let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Refusal::new(response));
        }
        let subprotocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
        let subprotocol = subprotocol.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Connected::new(stage, told, subprotocol))
    }
}

impl<C: Consumer> fmt::Debug for Communicator<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Communicator").field("path", &self.path).finish_non_exhaustive()
    }
}
