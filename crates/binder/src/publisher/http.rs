//! Triggers by HTTP, over a connection that is kept.

use super::way::{Failure, Told, Way};
use crate::Trigger;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A gateway's internal listener.
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    authorization: Option<HeaderValue>,
}

/// By this a gateway knows what it was told before.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// So much of an answer is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// So much of an answer is shown.
const ANSWER_CHARS_SHOWN: usize = 200;

impl Http {
    /// Makes the way to a gateway, which it connects to when it has something to tell.
    pub(super) fn new(uri: Uri, authorization: Option<HeaderValue>) -> io::Result<Http> {
        let builder = HttpsConnectorBuilder::new();
        // A machine without certificates can speak to a gateway on itself.
        let builder = match uri.scheme_str() {
            Some("https") => builder.with_provider_and_native_roots(ring::default_provider())?,
            _ => builder.with_tls_config(trusts_nobody()),
        };
        let connector = builder.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Http { client, uri, authorization })
    }

    fn request(&self, trigger: &Trigger, name: &str) -> Result<Request<Full<Bytes>>, Failure> {
        let name = HeaderValue::from_str(name).map_err(|_| {
            Failure::Refused(format!("its id {name:?} has characters that no header may have"))
        })?;
        let mut request = Request::new(Full::from(trigger.to_json_without_id()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static("campanile-binder"));
        headers.insert(IDEMPOTENCY_KEY, name);
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

#[async_trait]
impl Way for Http {
    async fn tell(&mut self, trigger: &Trigger, name: &str) -> Result<Told, Failure> {
        let request = self.request(trigger, name)?;
        let response = self.client.request(request).await.map_err(|error| {
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Failure::Later(format!("{}: {why}", self.uri), None)
        })?;
        let (parts, body) = response.into_parts();
        // The connection is kept only if the answer is read.
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let response = Response::from_parts(parts, body);
        if response.status().is_success() {
            Ok(Told::Heard)
        } else {
            Err(failure(&self.uri, &response))
        }
    }
}

fn trusts_nobody() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for them")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

fn failure(uri: &Uri, response: &Response<Bytes>) -> Failure {
    let status = response.status();
    let said = String::from_utf8_lossy(response.body());
    let said: String = said.trim().chars().take(ANSWER_CHARS_SHOWN).collect();
    let why = format!("{uri} answered {status} {said:?}");
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Failure::Refused(format!("{why}: check the key, which is the gateway's [internal] key"))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Failure::Later(why, not_before(response))
        }
        _ if status.is_server_error() => Failure::Later(why, not_before(response)),
        _ => Failure::Refused(why),
    }
}

fn not_before(response: &Response<Bytes>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Returns a name that no other trigger has.
pub(crate) fn unique() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
