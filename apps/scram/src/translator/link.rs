//! The WebSocket to the server: takes in what it wants, answers its checks, and tells it how things stand.
//!
//! No message of the server ends this, or waits for gobgpd: a wish is noted and done by the reconciler, a
//! check is a task of its own, and a heartbeat says what is known.

mod socket;
mod state;

use super::backend::Counts;
use super::backoff::Backoff;
use super::frame::{Check, Frame};
use super::route::{Defaults, Refusal};
use super::settings::Secret;
use super::shared::Shared;
use campanile_wire::{CloseCode, Closed};
use serde_json::{Value, json};
use socket::{OpenError, Socket, V2};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use url::Url;

/// How many checks may wait for gobgpd at once; more are refused and counted.
pub const CHECKS_MAX: usize = 1_000;

/// The first wait before the server is connected to again, after the attempt at once.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A connection that lasted so long was a good one: it is tried again at once.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// How often is looked whether there are other routes than the last heartbeat told.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The link to one server.
#[derive(Clone)]
pub struct Link {
    /// Where it is.
    pub url: Url,
    /// What it is shown.
    pub token: Option<Secret>,
    /// What this translator is called.
    pub name: String,
    /// How often the server hears from this translator.
    pub heartbeat_every: Duration,
    /// What holds for a route whose message does not say it.
    pub defaults: Defaults,
    /// After how much quiet a replay is over where the server does not say so; none: never.
    pub replay_quiet: Option<Duration>,
    /// Where the wishes go.
    pub shared: Arc<Shared>,
}

/// One open WebSocket.
struct Meeting<'a> {
    link: &'a Link,
    socket: Socket,
    checks: Arc<Semaphore>,
    answers: mpsc::Sender<String>,
    /// When the replay of a server that does not say when it ends is over.
    quiet_at: Option<Instant>,
    /// What the last heartbeat told of the table.
    told: Counts,
}

impl Link {
    /// Holds a WebSocket to the server, and opens the next when one is lost, until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::new(FIRST_WAIT);
        let mut may_be_at_once = true;
        loop {
            let began = Instant::now();
            match self.meet(&mut stop).await {
                Ok(None) => return,
                Ok(Some(closed)) => {
                    let (code, reason) = (closed.code.number(), &*closed.reason);
                    tracing::warn!(code, reason, "the server is lost; what is announced stays");
                    if began.elapsed() >= GOOD_AFTER {
                        backoff.reset();
                        may_be_at_once = true;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, url = %self.url, "the server cannot be reached");
                }
            }
            let wait = if std::mem::take(&mut may_be_at_once) {
                Duration::ZERO
            } else {
                backoff.next_wait()
            };
            tokio::select! {
                () = sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Opens one WebSocket and holds it to its end. Returns how it ended; none if `stop` said so.
    async fn meet(&self, stop: &mut watch::Receiver<bool>) -> Result<Option<Closed>, OpenError> {
        let socket = tokio::select! {
            socket = Socket::open(&self.url, self.token.as_ref()) => socket?,
            _ = stop.wait_for(|stop| *stop) => return Ok(None),
        };
        let (answers, answered) = mpsc::channel(CHECKS_MAX);
        let checks = Arc::new(Semaphore::new(CHECKS_MAX));
        let told = Counts::default();
        let mut meeting = Meeting { link: self, socket, checks, answers, quiet_at: None, told };
        meeting.begin();
        let ended = tokio::select! {
            Err(closed) = meeting.attend(answered) => Some(closed),
            _ = stop.wait_for(|stop| *stop) => None,
        };
        self.shared.statistics.server_up.set(false);
        self.shared.change(|desired| desired.abandon_replay());
        if ended.is_none() {
            meeting.socket.leave(CloseCode::GOING_AWAY, "the translator ends").await;
        }
        Ok(ended)
    }
}

impl Meeting<'_> {
    fn begin(&mut self) {
        let Link { shared, url, replay_quiet, .. } = self.link;
        shared.statistics.server_up.set(true);
        shared.statistics.server_connections.increase();
        let says_when_it_ends = self.socket.protocol.as_deref() == Some(V2);
        tracing::info!(%url, says_when_it_ends, "the server is connected");
        if !says_when_it_ends {
            // All that is wanted follows at once, and nothing says where it ends.
            shared.change(|desired| desired.begin_replay(Value::Null));
            self.quiet_at = replay_quiet.map(|quiet| Instant::now() + quiet);
        }
    }

    async fn attend(&mut self, mut answered: mpsc::Receiver<String>) -> Result<Infallible, Closed> {
        let mut heartbeat = interval(self.link.heartbeat_every);
        let mut look = interval(LOOK_EVERY);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let has_room = self.socket.has_room();
            let quiet_at = self.quiet_at;
            let quiet = async {
                match quiet_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = heartbeat.tick() => self.send_heartbeat(),
                _ = look.tick() => self.tell_what_is_new(),
                Some(answer) = answered.recv(), if has_room => self.socket.send(&answer),
                heard = self.socket.hear() => self.receive(&heard?),
                () = quiet => self.is_quiet(),
            }
        }
    }

    fn receive(&mut self, text: &str) {
        let Link { shared, defaults, .. } = self.link;
        shared.statistics.frames.increase();
        let outcome = match Frame::read(text, defaults) {
            Ok(frame) => self.heed(frame),
            Err(refusal) => {
                shared.desired().count_refused();
                Err(refusal)
            }
        };
        if let Err(refusal) = outcome {
            shared.statistics.refuse(refusal);
            // What it says may be anybody's: a browser's checks are passed on.
            tracing::warn!(bytes = text.len(), "a message of the server is not heeded: {refusal}");
        }
    }

    fn heed(&mut self, frame: Frame) -> Result<(), Refusal> {
        let Link { shared, replay_quiet, .. } = self.link;
        if matches!(frame, Frame::Add(_) | Frame::Remove(_)) && self.quiet_at.is_some() {
            self.quiet_at = replay_quiet.map(|quiet| Instant::now() + quiet);
        }
        match frame {
            Frame::Add(route) => shared.change(|desired| desired.add(route)),
            Frame::Remove(network) => shared.change(|desired| desired.remove(network)),
            Frame::RemoveAll => {
                tracing::warn!("the server has everything withdrawn");
                shared.change(|desired| desired.remove_all());
                Ok(())
            }
            Frame::Check(check) => self.check(check),
            Frame::SyncBegin(epoch) => {
                self.quiet_at = None;
                shared.change(|desired| desired.begin_replay(epoch));
                Ok(())
            }
            Frame::SyncEnd { epoch, count } => self.end_replay(&epoch, count),
            Frame::State { id, bucket } => {
                self.socket.send(&state::answer(shared, &id, bucket));
                Ok(())
            }
            Frame::Unknown(kind) => {
                shared.statistics.frames_unknown.increase();
                tracing::debug!(kind, "a message of a type that is not known here");
                Ok(())
            }
        }
    }

    fn is_quiet(&mut self) {
        self.quiet_at = None;
        if let Err(refusal) = self.end_replay(&Value::Null, None) {
            tracing::debug!(%refusal, "a replay had ended before it was taken to be over");
        }
    }

    fn end_replay(&self, epoch: &Value, count: Option<u64>) -> Result<(), Refusal> {
        let shared = &self.link.shared;
        let absent = shared.change(|desired| desired.end_replay(epoch, count))?;
        shared.statistics.replays.increase();
        let wanted = shared.statistics.wanted();
        tracing::info!(
            wanted,
            absent,
            "all that is wanted is known; what is not in it is withdrawn"
        );
        Ok(())
    }

    fn check(&self, check: Check) -> Result<(), Refusal> {
        let place = Arc::clone(&self.checks).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let (shared, answers) = (Arc::clone(&self.link.shared), self.answers.clone());
        let name = self.link.name.clone();
        tokio::spawn(async move {
            let is_blocked = shared.is_blocked(check.network).await;
            let answer = check.answer(&name, is_blocked.map_err(|error| error.to_string()));
            shared.statistics.checks.increase();
            // Nobody takes it where the WebSocket has ended: then nobody asks any more.
            let _ = answers.send(answer).await;
            drop(place);
        });
        Ok(())
    }

    /// A page that shows a network as announced should not show beside it that there are no routes.
    fn tell_what_is_new(&mut self) {
        if self.link.shared.statistics.table() != self.told {
            self.send_heartbeat();
        }
    }

    fn send_heartbeat(&mut self) {
        let statistics = &self.link.shared.statistics;
        let (table, own) = (statistics.table(), statistics.own());
        self.told = table;
        let heartbeat = json!({
            "type": "translator_heartbeat",
            "message": {
                "v4_count": table.v4,
                "v6_count": table.v6,
                "name": self.link.name,
                "version": env!("CARGO_PKG_VERSION"),
                "own_v4": own.v4,
                "own_v6": own.v6,
                "pending": statistics.pending(),
                "last_error": statistics.last_error(),
            },
        });
        statistics.heartbeats.increase();
        self.socket.send(&heartbeat.to_string());
    }
}
