//! The question to the backend: who is this, and which rooms may they enter?

use super::client::{Answer, Client, Outgoing, RequestError};
use super::cookies::Cookies;
use super::forward::{Forwarded, Forwarding, Unforwardable};
use super::hooks::Hooks;
use super::rights::Rights;
use crate::config::{BackendUrl, Config};
use crate::metrics::Durations;
use crate::spans::{Span, TRACEPARENT};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The backend; clones are the same one.
#[derive(Clone, Debug)]
pub struct Backend(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How it is asked now.
    asking: ArcSwap<Asking>,
    waiting: AtomicUsize,
    hooks: Hooks,
    statistics: BackendStatistics,
}

/// How the backend is asked, as the configuration says; replaced whole.
#[derive(Debug)]
struct Asking {
    client: Client,
    forwarding: Forwarding,
    url: BackendUrl,
    bootstrap: Uri,
    turns: Semaphore,
    waiting_max: usize,
    timeout: std::time::Duration,
}

/// A connection that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorized {
    /// What it may hear, and who it is.
    pub rights: Rights,
    /// The cookies that the answer set, for later requests of this connection.
    pub cookies: Cookies,
}

/// Why a connection was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The backend says no, by any status but 200.
    Status(StatusCode),
    /// The backend's answer has status 200 and does not say which rooms are allowed.
    Unreadable(String),
    /// There was no whole answer.
    NoAnswer(RequestError),
    /// Too many connections wait to be asked for.
    Busy,
}

impl Refused {
    /// Returns whether this is about the backend or about us rather than about who connects, so that
    /// trying again later may help.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Status(status) => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
            }
            Self::Unreadable(_) | Self::NoAnswer(_) | Self::Busy => true,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "the backend answered {status}"),
            Self::Unreadable(why) => write!(formatter, "the backend's answer is unreadable: {why}"),
            Self::NoAnswer(error) => error.fmt(formatter),
            Self::Busy => formatter.write_str("too many connections wait for the backend"),
        }
    }
}

/// What became of the questions, counted.
#[derive(Debug, Default)]
pub struct BackendStatistics {
    /// Answered with rooms.
    pub authorized: AtomicU64,
    /// Answered with a status that says no.
    pub refused: AtomicU64,
    /// Answered with 200 and nonsense.
    pub unreadable: AtomicU64,
    /// Not answered: unreachable, or a redirect that leads nowhere.
    pub unreachable: AtomicU64,
    /// Not answered within the time limit.
    pub timed_out: AtomicU64,
    /// Answered with more than `response_bytes_max`.
    pub too_long: AtomicU64,
    /// Not asked, since `bootstraps_waiting_max` were waiting.
    pub busy: AtomicU64,
    /// How long the answers took, bad ones too.
    pub durations: Durations,
}

impl Backend {
    /// Prepares for the backend at `url`; nothing is sent yet. Call it within a tokio runtime, which
    /// the hooks will run on.
    ///
    /// # Errors
    ///
    /// When the URLs cannot be put together.
    pub fn new(config: &Config, url: &BackendUrl) -> Result<Backend, http::uri::InvalidUri> {
        let asking = Asking::new(config, url)?;
        let hooks = Hooks::new(asking.client.clone(), url, &config.hooks)?;
        Ok(Backend(Arc::new(Inner {
            asking: ArcSwap::from_pointee(asking),
            waiting: AtomicUsize::new(0),
            hooks,
            statistics: BackendStatistics::default(),
        })))
    }

    /// Asks the backend as another configuration says, from now on: who is being asked for gets the
    /// answer to the question as it was. The hooks go to the new URL, too.
    ///
    /// # Errors
    ///
    /// When the URLs cannot be put together; then nothing changes.
    pub fn set(&self, config: &Config, url: &BackendUrl) -> Result<(), http::uri::InvalidUri> {
        let asking = Asking::new(config, url)?;
        self.0.hooks.set(asking.client.clone(), url, &config.hooks)?;
        self.0.asking.store(Arc::new(asking));
        Ok(())
    }

    /// Picks out of a client's request what the backend gets to see.
    ///
    /// # Errors
    ///
    /// When the client sent something that must not get into a header: refuse it with 400.
    pub fn pick(&self, headers: &HeaderMap, query: &str) -> Result<Forwarded, Unforwardable> {
        self.0.asking.load().forwarding.pick(headers, query)
    }

    /// Asks the backend which rooms the client with these headers may enter.
    ///
    /// Waiting for a turn and the answer each take no longer than `timeout_s`.
    ///
    /// # Errors
    ///
    /// When the client is not to be let in.
    pub async fn bootstrap(&self, forwarded: &Forwarded) -> Result<Authorized, Refused> {
        let asking = self.0.asking.load_full();
        let result = match self.turn(&asking).await {
            Ok(_turn) => self.ask(&asking, forwarded).await,
            Err(refused) => Err(refused),
        };
        self.0.statistics.count(&result);
        result
    }

    /// Asks the backend once more for a connection that was let in with these headers. Whoever waits
    /// for a turn gets it after those who came before, and is not refused for being too many.
    ///
    /// # Errors
    ///
    /// When the client is not to be let in any longer, or that cannot be known.
    pub async fn ask_again(&self, forwarded: &Forwarded) -> Result<Authorized, Refused> {
        let asking = self.0.asking.load_full();
        let _turn = asking.turns.acquire().await.expect("the semaphore is never closed");
        self.ask(&asking, forwarded).await
    }

    async fn ask(&self, asking: &Asking, forwarded: &Forwarded) -> Result<Authorized, Refused> {
        let answer = self.send(asking, forwarded).await.map_err(Refused::NoAnswer)?;
        if answer.status != StatusCode::OK {
            return Err(Refused::Status(answer.status));
        }
        let rights = Rights::read(&answer).map_err(Refused::Unreadable)?;
        Ok(Authorized { rights, cookies: asking.cookies(&answer) })
    }

    /// Asks, and notes how long that took.
    async fn send(&self, asking: &Asking, forwarded: &Forwarded) -> Result<Answer, RequestError> {
        let span = Span::within("bootstrap", None);
        let mut headers = forwarded.headers();
        let traceparent = span.traceparent().and_then(|name| name.try_into().ok());
        headers.extend(traceparent.map(|name| (HeaderName::from_static(TRACEPARENT), name)));
        let (method, uri) = (Method::GET, asking.bootstrap.clone());
        let began = Instant::now();
        let answer =
            asking.client.send(Outgoing { method, uri, headers, body: Bytes::new() }).await;
        self.0.statistics.durations.add(began.elapsed());
        match &answer {
            Ok(answer) => {
                span.note("http.response.status_code", answer.status.as_u16().into());
            }
            Err(_) => span.fail("no answer"),
        }
        answer
    }

    async fn turn<'a>(&self, asking: &'a Asking) -> Result<SemaphorePermit<'a>, Refused> {
        if let Ok(turn) = asking.turns.try_acquire() {
            return Ok(turn);
        }
        let _place = Place::take(&self.0.waiting, asking.waiting_max).ok_or(Refused::Busy)?;
        match tokio::time::timeout(asking.timeout, asking.turns.acquire()).await {
            Ok(turn) => Ok(turn.expect("the semaphore is never closed")),
            Err(_) => Err(Refused::NoAnswer(RequestError::TimedOut)),
        }
    }

    /// The hooks of this backend.
    pub fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    /// The counters.
    pub fn statistics(&self) -> &BackendStatistics {
        &self.0.statistics
    }

    /// Returns how many connections are being asked for now, and how many wait for their turn.
    pub fn in_flight(&self, config: &crate::config::Backend) -> (usize, usize) {
        let asked =
            config.bootstraps_max.saturating_sub(self.0.asking.load().turns.available_permits());
        (asked, self.0.waiting.load(Relaxed))
    }
}

impl Asking {
    fn new(config: &Config, url: &BackendUrl) -> Result<Asking, http::uri::InvalidUri> {
        let backend = &config.backend;
        let client = Client::new(
            backend.socket.clone(),
            backend.connect_timeout,
            backend.timeout,
            backend.response_bytes_max,
        );
        Ok(Asking {
            client,
            forwarding: Forwarding::new(&backend.headers, config.public.dialect),
            url: url.clone(),
            bootstrap: url.join("bootstrap/")?,
            turns: Semaphore::new(backend.bootstraps_max),
            waiting_max: backend.bootstraps_waiting_max,
            timeout: backend.timeout,
        })
    }

    fn cookies(&self, answer: &Answer) -> Cookies {
        let url = &self.url;
        if !answer.headers.contains_key(SET_COOKIE) || url.host_is_address() {
            return Cookies::default();
        }
        let set = answer.headers.get_all(SET_COOKIE).iter().map(|value| value.as_bytes());
        Cookies::read(set, url.host(), self.bootstrap.path(), url.is_https())
    }
}

impl BackendStatistics {
    fn count(&self, result: &Result<Authorized, Refused>) {
        let counter = match result {
            Ok(_) => &self.authorized,
            Err(Refused::Status(_)) => &self.refused,
            Err(Refused::Unreadable(_)) => &self.unreadable,
            Err(Refused::NoAnswer(RequestError::TimedOut)) => &self.timed_out,
            Err(Refused::NoAnswer(RequestError::TooLong)) => &self.too_long,
            Err(Refused::NoAnswer(_)) => &self.unreachable,
            Err(Refused::Busy) => &self.busy,
        };
        counter.fetch_add(1, Relaxed);
    }
}

/// A place among those who wait, given back when dropped: also when the client goes away meanwhile.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Place<'a>> {
        let place = Place(waiting);
        (waiting.fetch_add(1, Relaxed) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
