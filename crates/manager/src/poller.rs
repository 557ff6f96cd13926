//! Readiness, bytes and time: the seam between a loop and the world.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::socket::Socket;

/// What a loop asks of the world. [`MioPoller`] is the operating system's;
/// [`testing`](crate::testing) has one made of a seed.
pub trait Poller {
    /// One end of a line.
    type Socket: Send;

    /// Waits until a socket is ready or somebody wakes the loop, `timeout` at most (none: for
    /// ever), and appends what is ready. Readiness is told once (edge-triggered): the loop
    /// remembers it.
    ///
    /// # Errors
    ///
    /// If the operating system cannot wait; the loop is lost then.
    fn wait(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<()>;

    /// Returns the time.
    fn now(&self) -> Instant;

    /// Begins to watch a socket, under `slot`. Returns whether a layer inside the socket (TLS) may
    /// have read ahead: then it is read without having been told ready.
    ///
    /// # Errors
    ///
    /// If the operating system has no room for it.
    fn add(&mut self, socket: &mut Self::Socket, slot: u32) -> io::Result<bool>;

    /// Watches a socket no longer. It is dropped, and so closed, next.
    fn remove(&mut self, socket: &mut Self::Socket);

    /// Reads once.
    ///
    /// # Errors
    ///
    /// Those of the socket; `WouldBlock` when there is nothing.
    fn read(&mut self, socket: &mut Self::Socket, buffer: &mut [u8]) -> io::Result<Read>;

    /// Writes once, and returns how many bytes were taken.
    ///
    /// # Errors
    ///
    /// Those of the socket; `WouldBlock` when it takes nothing.
    fn write(&mut self, socket: &mut Self::Socket, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Pushes on what a layer inside the socket (TLS) still holds. Returns whether nothing is left.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    fn flush(&mut self, socket: &mut Self::Socket) -> io::Result<bool>;

    /// Says that nothing more will be written, and goes on reading.
    fn shutdown_write(&mut self, socket: &mut Self::Socket);
}

/// A socket that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What it was added under.
    pub slot: u32,
    /// Something can be read, the end of the stream or an error included.
    pub readable: bool,
    /// Something can be written again.
    pub writable: bool,
    /// The stream has ended or failed. That may have been told together with its last bytes, and is
    /// not told again: so the socket is read until its end is met.
    pub ended: bool,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Bytes now in the buffer; 0 is the end of the stream.
    pub bytes: usize,
    /// Nothing more is there until the poller says so again.
    pub drained: bool,
}

/// The operating system's poller and clock.
pub struct MioPoller {
    poll: Poll,
    events: Events,
}

/// The token of the waker: no slot has it.
const WAKER: Token = Token(usize::MAX);

impl MioPoller {
    /// Makes a poller, and what wakes it from another thread.
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left.
    pub fn new() -> io::Result<(Self, Arc<mio::Waker>)> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKER)?;
        Ok((Self { poll, events: Events::with_capacity(1024) }, Arc::new(waker)))
    }
}

impl Poller for MioPoller {
    type Socket = Socket;

    fn wait(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        ready.extend(self.events.iter().filter(|event| event.token() != WAKER).map(|event| {
            Ready {
                slot: event.token().0 as u32,
                readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                writable: event.is_writable(),
                ended: event.is_read_closed() || event.is_error(),
            }
        }));
        Ok(())
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn add(&mut self, socket: &mut Socket, slot: u32) -> io::Result<bool> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(socket.source(), Token(slot as usize), interest)?;
        Ok(matches!(socket, Socket::Tls(_)))
    }

    fn remove(&mut self, socket: &mut Socket) {
        socket.take_leave();
        // Closing the descriptor takes it off the poller too; so an error here changes nothing.
        let _ = self.poll.registry().deregister(socket.source());
    }

    fn read(&mut self, socket: &mut Socket, buffer: &mut [u8]) -> io::Result<Read> {
        socket.read(buffer)
    }

    fn write(&mut self, socket: &mut Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        socket.write(slices)
    }

    fn flush(&mut self, socket: &mut Socket) -> io::Result<bool> {
        socket.flush()
    }

    fn shutdown_write(&mut self, socket: &mut Socket) {
        socket.shutdown_write();
    }
}
