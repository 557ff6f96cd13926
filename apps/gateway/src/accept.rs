//! The accept loop of a listener: a place for each connection, and an answer for those without one.

mod farewell;
mod reception;

pub(crate) use farewell::linger;

use crate::answer::Answer;
use crate::descriptors::is_out_of_descriptors;
use crate::places::{Full, Permit};
use crate::serve::{Seldom, Shared, Side};
use farewell::UNAVAILABLE;
use hyper::body::Incoming;
use reception::Reception;
use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// How long to do nothing when not even a refusal is possible.
const PAUSE: Duration = Duration::from_millis(100);
/// How many refused connections may be waited for until they have read their answer.
const LINGERING_MAX: usize = 64;
const BACKLOG: u32 = 4096;

/// A request, with the connection's place and where it comes from.
pub struct Asked {
    /// The request.
    pub request: hyper::Request<Incoming>,
    /// The place, to be taken along by whoever takes over the connection.
    pub permit: Arc<Mutex<Option<Permit>>>,
    /// Where the client is: where the connection comes from, or what a trusted proxy says.
    pub address: IpAddr,
}

impl Asked {
    /// Has the connection count among those of its client; returns whether there is room.
    pub fn belongs(&self) -> bool {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        permit.as_mut().is_none_or(|permit| permit.belong_to(self.address).is_ok())
    }

    /// Takes the connection's place over.
    pub fn take_permit(&self) -> Option<Permit> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A listener with its limits.
pub struct Acceptor {
    listener: TcpListener,
    side: Side,
    shared: Arc<Shared>,
    /// A descriptor to give up when there is none left to accept with.
    reserve: Option<File>,
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

impl Acceptor {
    /// Makes the acceptor of a listener.
    pub fn new(listener: TcpListener, side: Side, shared: &Arc<Shared>) -> Acceptor {
        let (short, full) = (Trouble::default(), Trouble::default());
        Acceptor { listener, side, shared: Arc::clone(shared), reserve: reserve(), short, full }
    }

    /// Accepts connections until it is dropped, and has `answer` answer their requests.
    pub async fn run<A>(mut self, answer: impl Fn(Asked) -> A + Clone + Send + 'static)
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        let lingering = Arc::new(Semaphore::new(LINGERING_MAX));
        let reception = Reception { side: self.side, shared: Arc::clone(&self.shared), answer };
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    self.short.ends();
                    let peer = address.ip().to_canonical();
                    match self.place(peer) {
                        Ok(permit) => {
                            self.full.ends();
                            reception.receive(stream, peer, permit);
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

    /// Takes a place for a connection from `peer`. Behind a proxy it is not yet known whose it is.
    fn place(&self, peer: IpAddr) -> Result<Permit, Full> {
        let mut permit = self.shared.places(self.side).take()?;
        if !self.side.trusts(&self.shared.config(), peer) {
            permit.belong_to(peer)?;
        }
        Ok(permit)
    }

    fn refuse(&mut self, stream: TcpStream, full: Full, lingering: &Arc<Semaphore>) {
        let refusals = &self.shared.refusals;
        let counter = match (full, self.side) {
            (Full::All, Side::Public) => &refusals.connections_max,
            (Full::All, Side::Internal) => &refusals.internal_connections_max,
            (Full::Address, _) => &refusals.connections_per_address_max,
        };
        counter.add();
        if full == Full::All && self.full.is_news() {
            let places = self.shared.places(self.side).most();
            match self.side {
                Side::Public => tracing::warn!(
                    "connections are refused: all {places} places are taken. There are as many as \
                     [limits] connections_max and the files that this process may open allow."
                ),
                Side::Internal => tracing::warn!(
                    "connections to the internal listener are refused: all {places} places of \
                     [internal] connections_max are taken. Its callers should end connections, or \
                     use one for many requests."
                ),
            }
        }
        self.say_unavailable(&stream);
        let Ok(place) = Arc::clone(lingering).try_acquire_owned() else {
            return self.shared.refusals.unread.add();
        };
        tokio::spawn(async move {
            linger(stream).await;
            drop(place);
        });
    }

    fn say_unavailable(&self, stream: &TcpStream) {
        // Under TLS that would take a handshake, which is more than a connection costs.
        if self.shared.tls(self.side).is_none() {
            // A small answer always fits into a new socket's buffer.
            let _ = stream.try_write(UNAVAILABLE);
        }
    }

    /// Uses the reserve to answer one of those that wait, which nobody would otherwise do.
    async fn give_up_reserve(&mut self) {
        if self.reserve.take().is_none() {
            tokio::time::sleep(PAUSE).await;
        } else if let Ok(Ok((stream, _))) =
            tokio::time::timeout(PAUSE, self.listener.accept()).await
        {
            self.shared.refusals.descriptors.add();
            self.say_unavailable(&stream);
            let _ = tokio::time::timeout(Duration::from_millis(10), linger(stream)).await;
        }
        self.reserve = reserve();
    }
}

fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}
