//! Tells the backend of connections: one came, it pinged, it went.
//!
//! Nobody waits for a hook. A connection has at most one request on its way and at most one of each
//! kind waiting, so they keep their order, and a slow backend gets one ping where there were ten.

use super::client::{Client, Outgoing};
use super::forward::Forwarded;
use crate::config::{self, BackendUrl};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::InvalidUri;
use http::{HeaderValue, Method, Uri};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// The hooks of a backend; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Hooks(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    targets: ArcSwap<Targets>,
    concurrent_max: usize,
    queue_max: usize,
    runtime: Handle,
    queue: Mutex<Queue>,
    idle: Notify,
    statistics: HookStatistics,
}

/// Where hooks go.
#[derive(Debug)]
struct Targets {
    client: Client,
    connect: Option<Uri>,
    ping: Option<Uri>,
    disconnect: Option<Uri>,
}

/// The connections that have something to tell, each once, and how many are being told for.
#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Arc<Connection>>,
    workers: usize,
}

/// What became of the hooks, counted.
#[derive(Debug, Default)]
pub struct HookStatistics {
    /// Answered, with whatever status.
    pub sent: AtomicU64,
    /// Answered with a status of 400 or more.
    pub refused: AtomicU64,
    /// Not answered.
    pub failed: AtomicU64,
    /// Left out since `queue_max` connections were waiting.
    pub dropped: AtomicU64,
    /// Pings left out since one of the same connection was waiting, or its end was.
    pub merged: AtomicU64,
}

/// A connection that the backend is told of. Dropping it tells the backend that it is gone.
#[derive(Debug)]
pub struct Presence(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    hooks: Arc<Inner>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    forwarded: Forwarded,
    /// The backend was or will be told that it is there, so it is told when it goes.
    online: bool,
    /// In the queue, or with a worker.
    queued: bool,
    connect: bool,
    ping: bool,
    disconnect: bool,
}

#[derive(Clone, Copy, Debug)]
enum News {
    Connect,
    Ping,
    Disconnect,
}

impl Hooks {
    pub(super) fn new(
        client: Client,
        url: &BackendUrl,
        config: &config::Hooks,
    ) -> Result<Hooks, InvalidUri> {
        let targets = Targets::new(client, url, config)?;
        let Targets { connect, ping, disconnect, .. } = &targets;
        if connect.is_none() && ping.is_none() && disconnect.is_none() {
            return Ok(Hooks(None));
        }
        Ok(Hooks(Some(Arc::new(Inner {
            targets: ArcSwap::from_pointee(targets),
            concurrent_max: config.concurrent_max,
            queue_max: config.queue_max,
            runtime: Handle::current(),
            queue: Mutex::default(),
            idle: Notify::new(),
            statistics: HookStatistics::default(),
        }))))
    }

    /// Has them go elsewhere from now on.
    pub(super) fn set(
        &self,
        client: Client,
        url: &BackendUrl,
        config: &config::Hooks,
    ) -> Result<(), InvalidUri> {
        if let Some(hooks) = &self.0 {
            hooks.targets.store(Arc::new(Targets::new(client, url, config)?));
        }
        Ok(())
    }

    /// Tells the backend that a connection was let in; none when there are no hooks.
    ///
    /// Keep it as long as the connection.
    pub fn online(&self, forwarded: Forwarded) -> Option<Presence> {
        let hooks = Arc::clone(self.0.as_ref()?);
        let state = Mutex::new(State::new(forwarded, hooks.targets.load().connect.is_none()));
        let connection = Arc::new(Connection { hooks, state });
        connection.tell(News::Connect);
        Some(Presence(connection))
    }

    /// Returns the counters; none when there are no hooks.
    pub fn statistics(&self) -> Option<&HookStatistics> {
        self.0.as_ref().map(|hooks| &hooks.statistics)
    }

    /// Returns how many connections have something to tell that waits.
    pub fn waiting(&self) -> usize {
        self.0.as_ref().map_or(0, |hooks| hooks.lock().waiting.len())
    }

    /// Waits until everything is told, at most for `longest`; returns how many connections are left.
    pub async fn drain(&self, longest: Duration) -> usize {
        let Some(hooks) = &self.0 else { return 0 };
        let all_told = async {
            loop {
                let idle = hooks.idle.notified();
                if hooks.lock().workers == 0 {
                    return;
                }
                idle.await;
            }
        };
        match tokio::time::timeout(longest, all_told).await {
            Ok(()) => 0,
            Err(_) => {
                let queue = hooks.lock();
                queue.waiting.len() + queue.workers
            }
        }
    }
}

impl Presence {
    /// Tells the backend that the connection pinged.
    pub fn ping(&self) {
        self.0.tell(News::Ping);
    }

    /// From here on tells it with these headers.
    pub fn renew(&self, forwarded: Forwarded) {
        locked(&self.0.state).forwarded = forwarded;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.tell(News::Disconnect);
    }
}

impl Connection {
    /// Notes what there is to tell and sees that somebody tells it.
    fn tell(self: &Arc<Self>, news: News) {
        let hooks = &self.hooks;
        if hooks.targets.load().uri(news).is_none() {
            return;
        }
        let mut state = locked(&self.state);
        match news {
            News::Disconnect if !state.online => return,
            News::Disconnect => {
                state.disconnect = true;
                if std::mem::take(&mut state.ping) {
                    hooks.statistics.merged.fetch_add(1, Relaxed);
                }
            }
            News::Ping if state.ping => {
                hooks.statistics.merged.fetch_add(1, Relaxed);
                return;
            }
            News::Connect | News::Ping => {
                if !state.queued && hooks.lock().waiting.len() >= hooks.queue_max {
                    hooks.statistics.dropped.fetch_add(1, Relaxed);
                    return;
                }
                state.online = true;
                match news {
                    News::Connect => state.connect = true,
                    _ => state.ping = true,
                }
            }
        }
        if !std::mem::replace(&mut state.queued, true) {
            drop(state);
            hooks.enqueue(Arc::clone(self));
        }
    }
}

impl Inner {
    fn enqueue(self: &Arc<Self>, connection: Arc<Connection>) {
        let mut queue = self.lock();
        queue.waiting.push_back(connection);
        if queue.workers < self.concurrent_max {
            queue.workers += 1;
            drop(queue);
            self.runtime.spawn(Arc::clone(self).work());
        }
    }

    /// Tells what there is to tell, one request after the other, until there is nothing.
    async fn work(self: Arc<Self>) {
        while let Some(connection) = self.next() {
            let told = locked(&connection.state).take();
            if let Some((news, forwarded)) = told {
                self.post(&forwarded, news).await;
            }
            let mut state = locked(&connection.state);
            state.queued = state.connect || state.ping || state.disconnect;
            if state.queued {
                drop(state);
                self.lock().waiting.push_back(connection);
            }
        }
    }

    fn next(&self) -> Option<Arc<Connection>> {
        let mut queue = self.lock();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.workers -= 1;
            if queue.workers == 0 {
                self.idle.notify_waiters();
            }
        }
        next
    }

    async fn post(&self, forwarded: &Forwarded, news: News) {
        let targets = self.targets.load_full();
        let Some(uri) = targets.uri(news) else { return };
        let mut headers = forwarded.headers();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let outgoing =
            Outgoing { method: Method::POST, uri: uri.clone(), headers, body: Bytes::new() };
        match targets.client.send(outgoing).await {
            Ok(answer) => {
                self.statistics.sent.fetch_add(1, Relaxed);
                if answer.status.as_u16() >= 400 {
                    self.statistics.refused.fetch_add(1, Relaxed);
                    tracing::debug!(status = answer.status.as_u16(), hook = ?news, "a hook was refused");
                }
            }
            Err(error) => {
                self.statistics.failed.fetch_add(1, Relaxed);
                tracing::debug!(%error, hook = ?news, "a hook failed");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        locked(&self.queue)
    }
}

impl Targets {
    fn new(
        client: Client,
        url: &BackendUrl,
        config: &config::Hooks,
    ) -> Result<Targets, InvalidUri> {
        let uri = |path: &Option<config::HookPath>| {
            path.as_ref().map(|path| url.join(path.as_str())).transpose()
        };
        let (connect, ping) = (uri(&config.connect)?, uri(&config.ping)?);
        Ok(Targets { client, connect, ping, disconnect: uri(&config.disconnect)? })
    }

    fn uri(&self, news: News) -> Option<&Uri> {
        match news {
            News::Connect => self.connect.as_ref(),
            News::Ping => self.ping.as_ref(),
            News::Disconnect => self.disconnect.as_ref(),
        }
    }
}

impl State {
    fn new(forwarded: Forwarded, online: bool) -> State {
        let (queued, connect, ping, disconnect) = (false, false, false, false);
        State { forwarded, online, queued, connect, ping, disconnect }
    }

    /// Takes out what is to be told first, with the headers to tell it with.
    fn take(&mut self) -> Option<(News, Forwarded)> {
        let news = if std::mem::take(&mut self.connect) {
            News::Connect
        } else if std::mem::take(&mut self.ping) {
            News::Ping
        } else if std::mem::take(&mut self.disconnect) {
            News::Disconnect
        } else {
            return None;
        };
        Some((news, self.forwarded.clone()))
    }
}

/// No code of ours panics while it holds one of these locks, and none is held over an await.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
