//! What is known of a client when it connects.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query};
use http::HeaderMap;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Refusal;

/// What is known of a client when it connects: its request, and who it is.
#[derive(Debug)]
pub struct Scope<U> {
    /// Who the client is, as [`Consumer::User`](crate::Consumer::User) was extracted.
    pub user: U,
    parts: Parts,
    params: Vec<(String, String)>,
    subprotocols: Vec<String>,
}

impl<U> Scope<U> {
    pub(crate) fn new(
        user: U,
        parts: Parts,
        params: Vec<(String, String)>,
        subprotocols: Vec<String>,
    ) -> Scope<U> {
        Scope { user, parts, params, subprotocols }
    }

    /// Returns the path, as it was sent.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Returns a parameter of the path, decoded: of `{room}` in `/ws/chat/{room}/` what stood there.
    ///
    /// # Errors
    ///
    /// If the route has no such parameter: a refusal with 500, for `?`.
    pub fn param(&self, name: &str) -> Result<&str, Refusal> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value).ok_or_else(|| {
            tracing::error!("the route of {} has no parameter {{{name}}}", self.path());
            Refusal::from(http::StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// Returns the query, as it was sent, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.parts.uri.query()
    }

    /// Reads the query into a type.
    ///
    /// # Errors
    ///
    /// If it is not as the type says: a refusal with 400, for `?`.
    pub fn query_as<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        Query::try_from_uri(&self.parts.uri).map(|Query(query)| query).map_err(Refusal::new)
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns a header as text; none if there is none, or it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// Returns the cookies, as they were sent.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.parts.headers.get_all(http::header::COOKIE).into_iter();
        let pairs = headers.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('='))
    }

    /// Returns the first cookie of a name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns where the connection comes from: a proxy, perhaps. Known if the router is served by
    /// `into_make_service_with_connect_info::<SocketAddr>()`.
    pub fn client(&self) -> Option<SocketAddr> {
        client(&self.parts)
    }

    /// Returns the subprotocols that the client speaks, the one it likes best first.
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// Returns the head of the request, with what middleware has added to it.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

pub(crate) fn client(parts: &Parts) -> Option<SocketAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(client)| *client)
}
