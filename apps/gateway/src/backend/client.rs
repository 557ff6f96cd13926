//! An HTTP client for one backend: connections kept open, redirects followed, and a limit on the time
//! and the size of every answer.

use super::connect::Connector;
use crate::descriptors::is_out_of_descriptors;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Redirects that are followed for one request.
const REDIRECTS_MAX: usize = 10;

/// Connections that are kept open when nothing is asked.
const IDLE_CONNECTIONS_MAX: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A client; clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    timeout: Duration,
    response_bytes_max: usize,
}

/// One request, as it is repeated after a redirect.
#[derive(Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Where to.
    pub uri: Uri,
    /// The headers; a redirect to another host leaves them out.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The end of a request: the answer that was no redirect, with its whole body.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The backend cannot be reached, or the line to it broke.
    Unreachable(String),
    /// This process has no file descriptor left to reach it by: it was not asked.
    NoDescriptor,
    /// Not all of the answer came within the time limit.
    TimedOut,
    /// The answer was longer than `response_bytes_max`.
    TooLong,
    /// A redirect that cannot be followed, or one too many.
    BadRedirect,
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(why) => write!(formatter, "the backend cannot be reached: {why}"),
            Self::NoDescriptor => formatter.write_str("no file is left to ask it by: `ulimit -n`"),
            Self::TimedOut => formatter.write_str("the backend took too long to answer"),
            Self::TooLong => formatter.write_str("the backend's answer is over response_bytes_max"),
            Self::BadRedirect => formatter.write_str("the backend's redirect cannot be followed"),
        }
    }
}

impl std::error::Error for RequestError {}

impl Client {
    /// Makes a client that connects when it is first asked. With a `socket`, every connection goes
    /// there.
    pub fn new(
        socket: Option<PathBuf>,
        connect_timeout: Duration,
        timeout: Duration,
        response_bytes_max: usize,
    ) -> Client {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(Connector { socket: socket.map(Arc::new), timeout: connect_timeout });
        Client { pool, timeout, response_bytes_max }
    }

    /// Sends a request, follows redirects and reads the whole answer, all within the time limit.
    ///
    /// # Errors
    ///
    /// When no whole answer came; every status is an answer.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, RequestError> {
        let answer = self.send_following(outgoing);
        tokio::time::timeout(self.timeout, answer).await.map_err(|_| RequestError::TimedOut)?
    }

    async fn send_following(&self, mut outgoing: Outgoing) -> Result<Answer, RequestError> {
        for _ in 0..=REDIRECTS_MAX {
            let mut request = Request::new(Full::new(outgoing.body.clone()));
            *request.method_mut() = outgoing.method.clone();
            *request.uri_mut() = outgoing.uri.clone();
            *request.headers_mut() = outgoing.headers.clone();
            let response = self.pool.request(request).await.map_err(|error| unreachable(&error))?;
            let is_elsewhere = redirected(&mut outgoing, &response)?;
            let answer = self.read(response).await?;
            if !is_elsewhere {
                return Ok(answer);
            }
        }
        Err(RequestError::BadRedirect)
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Answer, RequestError> {
        let (head, mut incoming) = response.into_parts();
        let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let length = length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        if length > self.response_bytes_max {
            return Err(RequestError::TooLong);
        }
        let mut first = Bytes::new();
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| unreachable(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + body.len() + data.len() > self.response_bytes_max {
                return Err(RequestError::TooLong);
            }
            // Nearly every answer comes in one piece, which needs no copy.
            if first.is_empty() && body.is_empty() {
                first = data;
                continue;
            }
            if body.is_empty() {
                body.reserve(length.max(first.len() + data.len()));
                body.extend_from_slice(&std::mem::take(&mut first));
            }
            body.extend_from_slice(&data);
        }
        let body = if body.is_empty() { first } else { body.into() };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// Returns whether `response` sends us elsewhere; `outgoing` is then the next request.
fn redirected<B>(outgoing: &mut Outgoing, response: &Response<B>) -> Result<bool, RequestError> {
    let status = response.status();
    let Some(location) = response.headers().get(LOCATION) else { return Ok(false) };
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(false);
    }
    let next = location.to_str().ok().and_then(|location| resolve(&outgoing.uri, location));
    let next = next.ok_or(RequestError::BadRedirect)?;
    let becomes_get = match status.as_u16() {
        303 => outgoing.method != Method::HEAD,
        301 | 302 => outgoing.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        outgoing.method = Method::GET;
        outgoing.body = Bytes::new();
        outgoing.headers.remove(CONTENT_LENGTH);
        outgoing.headers.remove(http::header::CONTENT_TYPE);
    }
    let same_origin =
        next.scheme() == outgoing.uri.scheme() && next.authority() == outgoing.uri.authority();
    if !same_origin {
        // What a client showed to the backend is not for another host to see.
        let user_agent = outgoing.headers.remove(USER_AGENT);
        outgoing.headers.clear();
        outgoing.headers.extend(user_agent.map(|value| (USER_AGENT, value)));
    }
    outgoing.uri = next;
    Ok(true)
}

/// Returns where `location` leads from `base`: RFC 3986, section 5.2, without fragments.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let text = if location.starts_with("http://") || location.starts_with("https://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let uri: Uri = text.parse().ok()?;
    (uri.host().is_some() && uri.scheme().is_some()).then_some(uri)
}

/// Says in one line why the backend could not be reached: the innermost cause knows.
fn unreachable(error: &(dyn std::error::Error + 'static)) -> RequestError {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<io::Error>() {
        Some(error) if is_out_of_descriptors(error) => RequestError::NoDescriptor,
        _ => RequestError::Unreachable(innermost.to_string()),
    }
}

/// The name that we give ourselves when a client gave none.
pub(super) const OWN_USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("campanile/", env!("CARGO_PKG_VERSION")));
