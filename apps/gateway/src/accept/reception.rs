//! From an accepted connection to its requests: the header of a proxy, TLS where the listener speaks
//! it, then HTTP.

use super::Asked;
use crate::answer::Answer;
use crate::config::Limits;
use crate::metrics::Refusals;
use crate::places::Permit;
use crate::proxies::{client_address, read_header, set_real_ip};
use crate::serve::{Shared, Side};
use crate::tls::Tls;
use http::{HeaderMap, Request};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;

/// Receives the connections of a listener.
#[derive(Clone)]
pub(super) struct Reception<F> {
    pub(super) side: Side,
    pub(super) shared: Arc<Shared>,
    /// Answers a request.
    pub(super) answer: F,
}

impl<F, A> Reception<F>
where
    F: Fn(Asked) -> A + Clone + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    /// Receives a connection from `peer`, in a task of its own.
    pub(super) fn receive(&self, stream: TcpStream, peer: IpAddr, permit: Permit) {
        // Without it a small message may wait for the peer's acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let reception = self.clone();
        let has_header = self.side.has_header(&self.shared.config(), peer);
        match self.shared.tls(self.side) {
            None if !has_header => {
                tokio::spawn(reception.requests(TokioIo::new(stream), peer, permit));
            }
            tls => {
                let tls = tls.cloned();
                tokio::spawn(async move {
                    reception.begin(stream, peer, permit, has_header, tls).await;
                });
            }
        }
    }

    /// Does what comes before the first request, in the time that there is for it.
    async fn begin(
        self,
        mut stream: TcpStream,
        mut peer: IpAddr,
        mut permit: Permit,
        has_header: bool,
        tls: Option<Arc<Tls>>,
    ) {
        let patience = self.shared.config().limits.handshake_timeout;
        let until = Instant::now() + patience;
        if has_header {
            match timeout_at(until, source(&self.shared, &mut stream, peer, &mut permit)).await {
                Ok(Some(source)) => peer = source,
                Ok(None) => return,
                Err(_) => return is_slow(&self.shared, peer),
            }
        }
        let Some(tls) = tls else {
            return self.requests(TokioIo::new(stream), peer, permit).await;
        };
        let stream = handshake(&self.shared, self.side, tls, stream, (peer, until)).await;
        if let Some(stream) = stream {
            self.requests(TokioIo::new(stream), peer, permit).await;
        }
    }

    /// Answers the requests of a connection that comes from `peer`.
    async fn requests<S>(self, stream: S, peer: IpAddr, permit: Permit)
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let http = http(&self.shared.config().limits);
        let permit = Arc::new(Mutex::new(Some(permit)));
        let place = Arc::clone(&permit);
        let shared = Arc::clone(&self.shared);
        let has_asked = Arc::new(AtomicBool::new(false));
        let asks = Arc::clone(&has_asked);
        let service = service_fn(move |mut request: Request<Incoming>| {
            asks.store(true, Relaxed);
            let address = self.client(request.headers_mut(), peer);
            let answered = (self.answer)(Asked { request, permit: Arc::clone(&place), address });
            async move { Ok::<_, Infallible>(answered.await) }
        });
        if let Err(error) = http.serve_connection(stream, service).with_upgrades().await {
            count(&shared.refusals, &error, has_asked.load(Relaxed));
            tracing::debug!(%error, %peer, "a connection ended early");
        }
        drop(permit);
    }

    /// Returns where the client of a request is, and sees that the backend gets to know that.
    fn client(&self, headers: &mut HeaderMap, peer: IpAddr) -> IpAddr {
        if self.side == Side::Internal {
            return peer;
        }
        let public = &self.shared.config().public;
        let client = client_address(public, headers, peer);
        set_real_ip(public, headers, client);
        client
    }
}

/// Returns where a connection comes from by the header of the proxy before us, and has it count there;
/// none if it is refused.
async fn source(
    shared: &Shared,
    stream: &mut TcpStream,
    proxy: IpAddr,
    permit: &mut Permit,
) -> Option<IpAddr> {
    let source = match read_header(stream).await {
        Ok(source) => source.unwrap_or(proxy),
        Err(error) => {
            shared.refusals.proxy_header.add();
            tracing::debug!(%error, %proxy, "a connection was refused");
            return None;
        }
    };
    let is_proxy = Side::Public.trusts(&shared.config(), source);
    if !is_proxy && permit.belong_to(source).is_err() {
        shared.refusals.connections_per_address_max.add();
        return None;
    }
    Some(source)
}

/// Does the TLS handshake of a connection from `peer`; none if it fails, is not done in time, or is
/// one too many.
async fn handshake(
    shared: &Shared,
    side: Side,
    tls: Arc<Tls>,
    stream: TcpStream,
    (peer, until): (IpAddr, Instant),
) -> Option<TlsStream<TcpStream>> {
    let done = match side {
        // Its callers are few, and must not wait behind the others.
        Side::Internal => timeout_at(until, tls.accept(stream)).await.ok(),
        Side::Public => {
            let most = shared.config().limits.tls_handshakes_max;
            let Some(handshake) = shared.handshakes.begin(most) else {
                shared.refusals.tls_handshakes_max.add();
                tracing::debug!(%peer, "a connection over tls_handshakes_max was closed");
                return None;
            };
            handshake.finish(tls, stream, until).await
        }
    };
    match done {
        Some(Ok(stream)) => return Some(stream),
        Some(Err(error)) => {
            shared.refusals.tls.add();
            tracing::debug!(%error, %peer, "a TLS handshake failed");
        }
        None => is_slow(shared, peer),
    }
    None
}

fn is_slow(shared: &Shared, peer: IpAddr) {
    shared.refusals.slow.add();
    tracing::debug!(%peer, "a TLS handshake or a proxy's header took too long");
}

/// Counts a request that could not be read. Behind one that was answered no further need come.
fn count(refusals: &Refusals, error: &hyper::Error, has_asked: bool) {
    if error.is_parse_too_large() {
        refusals.head.add();
    } else if error.is_parse() {
        refusals.bad_request.add();
    } else if error.is_timeout() && !has_asked {
        refusals.slow.add();
    }
}

/// Returns how requests are read.
fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.handshake_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max);
    http
}
