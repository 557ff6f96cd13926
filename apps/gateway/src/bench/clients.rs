//! All clients of a session on one thread: tens of thousands of sockets, one poller, one buffer.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress};
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::net::sockopt::set_tcp_quickack;

use super::failure::{Doing, Failure};
use super::frames::Frame;
use super::link::{Link, Stage};
use super::plan::Load;
use super::server::Endpoint;
use super::tls::Sessions;

const WAKER: Token = Token(usize::MAX);

/// What is done with the messages that come, which differs while opening, publishing and echoing.
pub(super) trait Listener {
    /// Takes in that `link` finished its WebSocket handshake.
    fn opened(&mut self, index: usize, link: &mut Link) -> Result<(), Failure> {
        let _ = (index, link);
        Ok(())
    }

    /// Takes in a message; `bytes` is what its frame took on the wire.
    fn heard(
        &mut self,
        index: usize,
        link: &mut Link,
        text: &[u8],
        bytes: usize,
        now_ns: u64,
    ) -> Result<(), Failure>;
}

/// Hears nothing: for the time between two orders, in which pings are still answered.
pub(super) struct Deaf;

impl Listener for Deaf {
    fn heard(&mut self, _: usize, _: &mut Link, _: &[u8], _: usize, _: u64) -> Result<(), Failure> {
        Ok(())
    }
}

/// The clients.
pub(super) struct Clients {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    buffer: Vec<u8>,
    inflated: Inflated,
    links: Vec<Link>,
    epoch: Instant,
    endpoint: Endpoint,
    compressed: bool,
    /// Under TLS.
    sessions: Option<Sessions>,
}

impl Clients {
    /// Makes clients of `endpoint`, none of them connected yet.
    pub(super) fn new(endpoint: Endpoint, load: &Load) -> Result<Self, Failure> {
        let poll = Poll::new().doing("make a poller")?;
        let waker = Waker::new(poll.registry(), WAKER).doing("make a waker")?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            waker: Arc::new(waker),
            buffer: vec![0; 64 * 1024],
            inflated: Inflated::new(),
            links: Vec::new(),
            epoch: Instant::now(),
            endpoint,
            compressed: load.compressed,
            sessions: load.tls.then(Sessions::new).transpose()?,
        })
    }

    /// Returns what ends a [`turn`](Self::turn) from another thread.
    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Returns nanoseconds since the session began.
    pub(super) fn now_ns(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).expect("a session ends within 584 years")
    }

    /// Returns how many have been opened.
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    /// Returns a client.
    pub(super) fn link(&mut self, index: usize) -> &mut Link {
        &mut self.links[index]
    }

    /// Has the kernel hold back the clients' bare ACKs, as it does while publications follow each
    /// other closely. After a pause of 0.2 s, such as another server's slice, it would acknowledge
    /// the next 16 segments one by one, which costs the server 2 µs for each write (measured: 6.6
    /// instead of 4.5 µs a delivery with 5,000 clients).
    pub(super) fn delay_acknowledgements(&mut self) -> Result<(), Failure> {
        self.links.iter().try_for_each(|link| {
            set_tcp_quickack(&link.stream, false).doing("set TCP_QUICKACK of a client's socket")
        })
    }

    /// Begins one more connection, and returns its index.
    pub(super) fn begin(&mut self) -> Result<usize, Failure> {
        let index = self.links.len();
        let session = self.sessions.as_ref().map(Sessions::begin).transpose()?;
        let mut link = Link::begin(self.endpoint.address, index, session, self.now_ns())?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut link.stream, Token(index), interest)
            .doing("watch a client's socket")?;
        self.links.push(link);
        Ok(index)
    }

    /// Waits at most for `timeout`, or for ever, and hands what came to `listener`.
    pub(super) fn turn(
        &mut self,
        timeout: Option<Duration>,
        listener: &mut impl Listener,
    ) -> Result<(), Failure> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome.doing("wait for the clients' sockets")?,
        }
        let epoch = self.epoch;
        for event in &self.events {
            let Some(link) = self.links.get_mut(event.token().0) else {
                continue;
            };
            let index = event.token().0;
            if link.stage == Stage::Connecting && event.is_writable() {
                link.send(self.endpoint.upgrade(index, self.compressed).as_bytes())?;
                link.stage = Stage::Upgrading;
            }
            while link.stage != Stage::Ended {
                let (mut input, more) = link.read(&mut self.buffer)?;
                if link.stage == Stage::Upgrading && !input.is_empty() {
                    match link.receive_head(input)? {
                        None => input = &[],
                        Some(rest) => {
                            input = rest;
                            listener.opened(index, link)?;
                        }
                    }
                }
                let now_ns = epoch.elapsed().as_nanos() as u64;
                link.receive_frames(input, |link, frame| {
                    let text = self.inflated.text(frame)?;
                    listener.heard(index, link, text, frame.bytes, now_ns)
                })?;
                if !more {
                    break;
                }
            }
            if link.stage == Stage::Ended {
                return Err(Failure::new(format!("the server hung up on client {index}")));
            }
        }
        Ok(())
    }
}

/// Inflates messages, one that all clients get alike only once: they would keep the clients' core
/// busier than the server's.
struct Inflated {
    decompress: Decompress,
    compressed: Vec<u8>,
    text: Vec<u8>,
}

impl Inflated {
    fn new() -> Self {
        Self { decompress: Decompress::new(false), compressed: Vec::new(), text: Vec::new() }
    }

    fn text<'a>(&'a mut self, frame: Frame<'a>) -> Result<&'a [u8], Failure> {
        if !frame.compressed {
            return Ok(frame.payload);
        }
        if self.compressed != frame.payload {
            self.inflate(frame.payload)?;
        }
        Ok(&self.text)
    }

    fn inflate(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.compressed.clear();
        self.text.clear();
        self.decompress.reset(false);
        let tail = [payload, &[0, 0, 0xff, 0xff]].concat();
        while (self.decompress.total_in() as usize) < tail.len() {
            self.text.reserve(payload.len() * 4 + 256);
            let rest = &tail[self.decompress.total_in() as usize..];
            self.decompress
                .decompress_vec(rest, &mut self.text, FlushDecompress::Sync)
                .doing("inflate a delivery")?;
        }
        self.compressed.extend_from_slice(payload);
        Ok(())
    }
}
