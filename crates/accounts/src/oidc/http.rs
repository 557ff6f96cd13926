//! How the provider is asked: within a time, and for no longer an answer than is read.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::AsyncHttpClient;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::{OidcSettings, is_protected_url};

/// Asks a provider.
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    answer_within: Duration,
    answer_bytes_max: usize,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Others could read or change what is sent there.
    Unprotected(String),
    /// It cannot be reached.
    Unreached(String),
    /// It takes too long.
    Late(Duration),
    /// It ends early, or is too long.
    Body(String),
}

impl Http {
    pub(super) fn new(settings: &OidcSettings) -> io::Result<Http> {
        let builder = HttpsConnectorBuilder::new();
        // A machine without certificates can ask a provider on itself.
        let builder = match settings.issuer.starts_with("https:") {
            true => builder.with_provider_and_native_roots(ring::default_provider())?,
            false => builder.with_tls_config(trusts_nobody()),
        };
        let connector = builder.https_or_http().enable_http1().build();
        Ok(Http {
            client: Client::builder(TokioExecutor::new()).build(connector),
            answer_within: settings.answer_within,
            answer_bytes_max: settings.answer_bytes_max,
        })
    }

    async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NoAnswer> {
        let url = request.uri().to_string();
        // The provider's description of itself names the places for the rest.
        if !is_protected_url(&url) {
            return Err(NoAnswer::Unprotected(url));
        }
        let asking = self.ask_at_leisure(request.map(|body| Full::from(Bytes::from(body))));
        let answer = tokio::time::timeout(self.answer_within, asking).await;
        answer.unwrap_or(Err(NoAnswer::Late(self.answer_within)))
    }

    async fn ask_at_leisure(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Vec<u8>>, NoAnswer> {
        let answer = self.client.request(request).await.map_err(|error| {
            NoAnswer::Unreached(
                error.source().map_or_else(|| error.to_string(), ToString::to_string),
            )
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, self.answer_bytes_max).collect().await;
        let body = body.map_err(|error| NoAnswer::Body(error.to_string()))?;
        Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

fn trusts_nobody() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for them")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::Unprotected(url) => write!(f, "{url} is not https"),
            NoAnswer::Unreached(why) => write!(f, "it cannot be reached: {why}"),
            NoAnswer::Late(time) => write!(f, "it has not answered within {time:?}"),
            NoAnswer::Body(why) => write!(f, "its answer cannot be read: {why}"),
        }
    }
}

impl std::error::Error for NoAnswer {}
