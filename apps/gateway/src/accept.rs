//! The accept loop of a listener: a place for each connection, and an answer for those without one.

use crate::answer::Answer;
use crate::config::Limits;
use crate::metrics::Refusals;
use crate::places::{Full, Permit, Places};
use crate::serve::Seldom;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// How long to do nothing when not even a refusal is possible.
const PAUSE: Duration = Duration::from_millis(100);
/// How many refused connections may be waited for until they have read their answer.
const LINGERING_MAX: usize = 64;
const LINGER: Duration = Duration::from_millis(500);
const BACKLOG: u32 = 4096;

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
    Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n\r\n\
    too many connections here\n";

/// A request, with the connection's place and where it comes from.
pub struct Asked {
    /// The request.
    pub request: hyper::Request<Incoming>,
    /// The place, to be taken along by whoever takes over the connection.
    pub permit: Arc<Mutex<Option<Permit>>>,
    /// Where the connection comes from.
    pub address: IpAddr,
}

impl Asked {
    /// Takes the connection's place over.
    pub fn take_permit(&self) -> Option<Permit> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A listener with its limits.
pub struct Acceptor {
    /// What listens.
    pub listener: TcpListener,
    /// The places for its connections.
    pub places: Arc<Places>,
    /// How requests are read.
    pub http: http1::Builder,
    /// Where refusals are counted.
    pub refusals: Arc<Refusals>,
    /// A descriptor to give up when there is none left to accept with.
    pub reserve: Option<File>,
    /// Whether there is no descriptor left.
    short: Trouble,
    /// Whether there is no place left.
    full: Trouble,
}

/// A trouble that a person is told of when it begins, though not each time if it comes and goes.
#[derive(Default)]
struct Trouble {
    is_told: bool,
    seldom: Seldom,
}

impl Trouble {
    /// Returns whether to tell of it now.
    fn is_news(&mut self) -> bool {
        let is_news = !self.is_told && self.seldom.is_time();
        self.is_told |= is_news;
        is_news
    }

    fn ends(&mut self) {
        self.is_told = false;
    }
}

/// Listens at `address`.
///
/// # Errors
///
/// If the operating system does not let us.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Returns how requests are read.
pub fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.handshake_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max);
    http
}

impl Acceptor {
    /// Makes the acceptor of a listener.
    pub fn new(
        listener: TcpListener,
        places: Arc<Places>,
        limits: &Limits,
        refusals: Arc<Refusals>,
    ) -> Acceptor {
        let (short, full) = (Trouble::default(), Trouble::default());
        Acceptor { listener, places, http: http(limits), refusals, reserve: reserve(), short, full }
    }

    /// Accepts connections until it is dropped, and has `answer` answer their requests.
    pub async fn run<A>(mut self, answer: impl Fn(Asked) -> A + Clone + Send + 'static)
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        let lingering = Arc::new(Semaphore::new(LINGERING_MAX));
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    self.short.ends();
                    match self.places.take(address.ip()) {
                        Ok(permit) => {
                            self.full.ends();
                            self.serve(stream, permit, address.ip(), answer.clone());
                        }
                        Err(full) => self.refuse(stream, full, &lingering),
                    }
                }
                Err(error) if is_out_of_descriptors(&error) => {
                    if self.short.is_news() {
                        tracing::warn!(%error, "connections are refused: raise `ulimit -n`");
                    }
                    self.give_up_reserve().await;
                }
                // The connection was gone before it was accepted, or something of that kind.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    fn serve<A>(
        &self,
        stream: TcpStream,
        permit: Permit,
        address: IpAddr,
        answer: impl Fn(Asked) -> A + Send + 'static,
    ) where
        A: Future<Output = Answer> + Send + 'static,
    {
        // Without it a small message may wait for the peer's acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let permit = Arc::new(Mutex::new(Some(permit)));
        let place = Arc::clone(&permit);
        let service = service_fn(move |request| {
            let answered = answer(Asked { request, permit: Arc::clone(&place), address });
            async move { Ok::<_, Infallible>(answered.await) }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }

    fn refuse(&mut self, stream: TcpStream, full: Full, lingering: &Arc<Semaphore>) {
        let counter = match full {
            Full::All => &self.refusals.connections_max,
            Full::Address => &self.refusals.connections_per_address_max,
        };
        counter.add();
        if full == Full::All && self.full.is_news() {
            let places = self.places.most();
            tracing::warn!(
                "connections are refused: all {places} places are taken. There are as many as \
                 [limits] connections_max and the files that this process may open allow."
            );
        }
        // A small answer always fits into a new socket's buffer.
        let _ = stream.try_write(UNAVAILABLE);
        let Ok(place) = Arc::clone(lingering).try_acquire_owned() else { return };
        tokio::spawn(async move {
            linger(stream).await;
            drop(place);
        });
    }

    /// Uses the reserve to answer one of those that wait, which nobody would otherwise do.
    async fn give_up_reserve(&mut self) {
        if self.reserve.take().is_none() {
            tokio::time::sleep(PAUSE).await;
        } else if let Ok(Ok((stream, _))) =
            tokio::time::timeout(PAUSE, self.listener.accept()).await
        {
            self.refusals.descriptors.add();
            let _ = stream.try_write(UNAVAILABLE);
            let _ = tokio::time::timeout(Duration::from_millis(10), linger(stream)).await;
        }
        self.reserve = reserve();
    }
}

/// Waits until the peer has closed, for a moment: a socket that is closed over unread bytes is
/// reset, and the answer may be lost.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let read_all = async {
        let mut buffer = [0; 4096];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(bytes) if bytes > 0 => {}
                _ => return,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, read_all).await;
}

fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
    )
}
