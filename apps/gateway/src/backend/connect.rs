//! Connections to the backend: TCP, a unix socket, or TLS over TCP.

use crate::descriptors::is_out_of_descriptors;
use crate::tls::client;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// Opens connections for the client's pool.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    /// Every connection goes to this socket, whatever the URL says.
    pub(super) socket: Option<Arc<PathBuf>>,
    pub(super) timeout: Duration,
}

impl Connector {
    async fn connect(self, uri: Uri) -> io::Result<Stream> {
        let connecting = self.open(&uri);
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(result) => result,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long")),
        }
    }

    async fn open(&self, uri: &Uri) -> io::Result<Stream> {
        if let Some(path) = &self.socket {
            return Ok(Stream::Unix(TokioIo::new(UnixStream::connect(path.as_path()).await?)));
        }
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await.map_err(look_up_failed)?;
        stream.set_nodelay(true)?;
        if !is_https {
            return Ok(Stream::Tcp(TokioIo::new(stream)));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = tls_connector()?.connect(name, stream).await?;
        Ok(Stream::Tls(TokioIo::new(Box::new(stream))))
    }
}

/// Returns the cause of a failed look-up of a name, which the system's resolver does not tell: it opens
/// files itself, and says no more than "try again" when there are none left.
fn look_up_failed(error: io::Error) -> io::Error {
    let is_told = error.raw_os_error().is_some();
    match File::open("/dev/null") {
        Err(shortage) if !is_told && is_out_of_descriptors(&shortage) => shortage,
        _ => error,
    }
}

/// Returns TLS with the certificate authorities that this machine trusts, read once.
fn tls_connector() -> io::Result<tokio_rustls::TlsConnector> {
    static CONFIG: OnceLock<Result<Arc<rustls::ClientConfig>, String>> = OnceLock::new();
    match CONFIG.get_or_init(client::config) {
        Ok(config) => Ok(Arc::clone(config).into()),
        Err(error) => Err(io::Error::other(error.clone())),
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// A connection to the backend.
pub(super) enum Stream {
    Tcp(TokioIo<TcpStream>),
    Unix(TokioIo<UnixStream>),
    Tls(TokioIo<Box<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Stream::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Stream::Tls(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read(context, buffer))
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Tcp(stream) => stream.is_write_vectored(),
            Stream::Unix(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write_vectored(context, slices))
    }
}
