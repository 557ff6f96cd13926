//! The handshakes of the public listener, on a thread of their own: each takes as long as many
//! triggers, and a storm of them must not keep triggers waiting.

use super::Tls;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;

/// Starts the thread for handshakes.
///
/// # Errors
///
/// If the operating system has no thread left.
pub fn thread() -> io::Result<Runtime> {
    // It needs no reactor: the sockets stay with that of HTTP, where they are read afterwards.
    Builder::new_multi_thread().worker_threads(1).thread_name("campanile-tls").enable_time().build()
}

/// The handshakes that are not finished.
#[derive(Debug)]
pub struct Handshakes {
    thread: Handle,
    unfinished: AtomicUsize,
}

impl Handshakes {
    /// Has handshakes done on this thread.
    pub fn new(thread: Handle) -> Arc<Handshakes> {
        Arc::new(Handshakes { thread, unfinished: AtomicUsize::new(0) })
    }

    /// Returns how many are not finished.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Relaxed)
    }

    /// Takes the place of one more; none if as many as there may be are not finished.
    pub fn begin(self: &Arc<Self>, most: usize) -> Option<Handshake> {
        let counted = self.unfinished.fetch_update(Relaxed, Relaxed, |unfinished| {
            (unfinished < most).then_some(unfinished + 1)
        });
        counted.ok().map(|_| Handshake(Arc::clone(self)))
    }
}

/// The place of a handshake, given back when this is dropped.
#[derive(Debug)]
pub struct Handshake(Arc<Handshakes>);

impl Handshake {
    /// Does it, on the thread for handshakes, in the time that there is; none if it takes longer.
    pub async fn finish(
        self,
        tls: Arc<Tls>,
        stream: TcpStream,
        until: Instant,
    ) -> Option<io::Result<TlsStream<TcpStream>>> {
        let Handshake(handshakes) = &self;
        let done = handshakes
            .thread
            .spawn(async move { timeout_at(until, tls.accept(stream)).await.ok() });
        done.await.unwrap_or_else(|error| Some(Err(io::Error::other(error))))
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.unfinished.fetch_sub(1, Relaxed);
    }
}
