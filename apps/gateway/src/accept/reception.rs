//! From an accepted connection to its requests: TLS where the listener speaks it, then HTTP.

use super::Asked;
use crate::answer::Answer;
use crate::config::Limits;
use crate::places::Permit;
use crate::serve::{Shared, Side};
use crate::tls::Tls;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

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
    /// Receives a connection, in a task of its own.
    pub(super) fn receive(&self, stream: TcpStream, address: IpAddr, permit: Permit) {
        // Without it a small message may wait for the peer's acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let reception = self.clone();
        match self.shared.tls(self.side) {
            None => drop(tokio::spawn(reception.requests(TokioIo::new(stream), address, permit))),
            Some(tls) => {
                let tls = Arc::clone(tls);
                tokio::spawn(reception.handshake(tls, stream, address, permit));
            }
        }
    }

    async fn handshake(self, tls: Arc<Tls>, stream: TcpStream, address: IpAddr, permit: Permit) {
        let patience = self.shared.config().limits.handshake_timeout;
        match tokio::time::timeout(patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(TokioIo::new(stream), address, permit).await,
            Ok(Err(error)) => {
                self.shared.refusals.tls.add();
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_) => {
                self.shared.refusals.slow.add();
                tracing::debug!("a TLS handshake took too long");
            }
        }
    }

    async fn requests<S>(self, stream: S, address: IpAddr, permit: Permit)
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let http = http(&self.shared.config().limits);
        let permit = Arc::new(Mutex::new(Some(permit)));
        let place = Arc::clone(&permit);
        let service = service_fn(move |request| {
            let answered = (self.answer)(Asked { request, permit: Arc::clone(&place), address });
            async move { Ok::<_, Infallible>(answered.await) }
        });
        if let Err(error) = http.serve_connection(stream, service).with_upgrades().await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(permit);
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
