//! Keeps a connection to the broker: makes it, proves it alive, says when it is lost, makes the
//! next.

use crate::arrivals::{Arrivals, arrivals};
use crate::event::Event;
use crate::link::{Connected, Connector, Ears, Link, Signal, probe_every};
use crate::node::Shared;
use crate::probes::Probes;
use crate::topics::{BATCH, Changes};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long it waits after a first failure, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));

/// How many signals wait for the keeper; a node has only a few probes on their way.
const SIGNALS_MAX: usize = 64;

/// The task that keeps the connection.
pub(crate) struct Keeper<C> {
    shared: Arc<Shared>,
    connector: C,
    events: mpsc::Sender<Event>,
}

/// While the broker is lost: since when, and whether the node was told.
struct Outage {
    since: SystemTime,
    told: bool,
}

/// A connection over which a probe has come back.
struct Proved {
    link: Arc<dyn Link>,
    unbroken: bool,
    changes: Changes,
    signals: mpsc::Receiver<Signal>,
    probes: Probes,
}

/// It, and what goes on until it ends.
struct Standing {
    proved: Proved,
    /// Moves what comes to the events; ends by itself after `end` is dropped.
    mover: JoinHandle<()>,
    end: watch::Sender<()>,
}

impl<C: Connector> Keeper<C> {
    pub(crate) fn new(shared: Arc<Shared>, connector: C, events: mpsc::Sender<Event>) -> Keeper<C> {
        Keeper { shared, connector, events }
    }

    /// Keeps the connection until nobody takes the events.
    pub(crate) async fn run(mut self) {
        let mut outage = Outage { since: SystemTime::now(), told: false };
        let mut pause = BACK_OFF.0;
        while !self.events.is_closed() {
            match self.establish().await {
                Ok(standing) => {
                    pause = BACK_OFF.0;
                    outage = self.stand(standing, &outage).await;
                }
                Err(why) => self.still_lost(&mut outage, why).await,
            }
            tokio::select! {
                () = tokio::time::sleep(with_jitter(pause)) => {}
                () = self.events.closed() => {}
            }
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }

    /// Makes a connection, listens for everything again, and waits for a first probe.
    async fn establish(&mut self) -> Result<Standing, String> {
        let settings = self.shared.settings.clone();
        self.shared.counting.connects.count();
        let counting = Arc::clone(&self.shared.counting);
        let (arrivals, mover) =
            arrivals(settings.backlog_bytes_max, settings.message_bytes_max, counting);
        let (end, ended) = watch::channel(());
        let mover = tokio::spawn(mover.run(self.events.clone(), ended));
        match self.try_to_establish(arrivals).await {
            Ok(proved) => Ok(Standing { proved, mover, end }),
            Err(why) => {
                drop(end);
                let _ = mover.await;
                Err(format!("{}: {why}", settings.url))
            }
        }
    }

    async fn try_to_establish(&mut self, arrivals: Arrivals) -> Result<Proved, String> {
        let within = self.shared.settings.connect_within;
        let (sender, mut signals) = mpsc::channel(SIGNALS_MAX);
        let ears = Ears::new(arrivals, sender);
        let Connected { link, unbroken } = in_time(within, self.connector.connect(ears)).await?;
        let changes = self.shared.topics.connect();
        // As many as there are: each batch has its time.
        for batch in changes.wanted.chunks(BATCH) {
            in_time(within, link.listen(batch)).await?;
        }
        let mut probes = Probes::new(self.shared.settings.silence);
        in_time(within, first_probe(&mut probes, &*link, &mut signals)).await?;
        Ok(Proved { link, unbroken, changes, signals, probes })
    }

    /// Lets the node use a connection until it is lost; returns the outage that begins then.
    async fn stand(&self, standing: Standing, before: &Outage) -> Outage {
        let Standing { mut proved, mover, end } = standing;
        let url = &self.shared.settings.url;
        self.shared.connected(Arc::clone(&proved.link), end.subscribe());
        tracing::info!(broker = %url, "the broker is connected");
        let (from, until) = (before.since, SystemTime::now());
        if before.told && !proved.unbroken {
            self.shared.counting.gaps.count();
        }
        let back = Event::Back { lost: !proved.unbroken, from, until };
        let why = format!("{url}: {}", self.use_until_lost(&mut proved, back).await);
        let since = proved.probes.heard().unwrap_or(until);
        self.shared.counting.losses.count();
        self.shared.lost(since, why.clone());
        tracing::warn!(%why, "the broker is lost");
        // What had come is handed on before it is said that no more comes.
        drop((end, proved));
        let _ = mover.await;
        let _ = self.events.send(Event::Lost { since, why }).await;
        Outage { since, told: true }
    }

    /// Watches a connection, and tells the broker which rooms are wanted; returns why it is lost.
    async fn use_until_lost(&self, proved: &mut Proved, back: Event) -> String {
        let settings = &self.shared.settings;
        let Proved { link, changes, signals, probes, .. } = proved;
        // It is watched also while the events are full.
        let tell_back = async {
            let _ = self.events.send(back).await;
            std::future::pending().await
        };
        tokio::select! {
            why = watch(probes, &**link, signals, probe_every(settings)) => why,
            why = changes.tell(&self.shared.topics, &**link, settings.publish_within) => why,
            () = self.events.closed() => String::from("this node is stopping"),
            why = tell_back => why,
        }
    }

    /// Takes note of an attempt that failed; the first one is told.
    async fn still_lost(&self, outage: &mut Outage, why: String) {
        self.shared.lost(outage.since, why.clone());
        tracing::debug!(%why, "the broker cannot be connected to");
        if !outage.told {
            tracing::warn!(%why, "the broker cannot be connected to; it is tried again and again");
            outage.told = true;
            let _ = self.events.send(Event::Lost { since: outage.since, why }).await;
        }
    }
}

/// Gives a step of establishing so much time.
async fn in_time<T>(
    within: Duration,
    step: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let done = tokio::time::timeout(within, step).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {within:?}")))
}

/// Waits until a first probe has come back.
async fn first_probe(
    probes: &mut Probes,
    link: &dyn Link,
    signals: &mut mpsc::Receiver<Signal>,
) -> Result<(), String> {
    let number = probes.send(Instant::now(), SystemTime::now());
    link.probe(number).await.map_err(|error| error.to_string())?;
    while let Some(signal) = signals.recv().await {
        if hear(probes, signal)?.is_break() {
            return Ok(());
        }
    }
    Err(String::from("the connection ended before a probe came back"))
}

/// Takes a signal in; breaks when it is a probe of ours.
fn hear(probes: &mut Probes, signal: Signal) -> Result<ControlFlow<()>, String> {
    match signal {
        Signal::Probe(number) if probes.back(number) => Ok(ControlFlow::Break(())),
        Signal::Probe(_) => Ok(ControlFlow::Continue(())),
        Signal::Broken(why) => Err(why),
    }
}

/// Sends probes until the connection is silent or breaks; returns why it is lost.
async fn watch(
    probes: &mut Probes,
    link: &dyn Link,
    signals: &mut mpsc::Receiver<Signal>,
    every: Duration,
) -> String {
    let mut sending = FuturesUnordered::new();
    let mut ticks = tokio::time::interval(every);
    loop {
        let silent_at = probes.deadline().unwrap_or_else(|| Instant::now() + every);
        tokio::select! {
            biased;
            signal = signals.recv() => match signal.map(|signal| hear(probes, signal)) {
                Some(Ok(_)) => {}
                Some(Err(why)) => return why,
                None => return String::from("the connection ended"),
            },
            Some(sent) = sending.next() => {
                if let Err(error) = sent {
                    let error: crate::PublishError = error;
                    return format!("a probe could not be sent: {error}");
                }
            }
            _ = ticks.tick() => {
                if link.is_held_back() {
                    probes.hold_back(Instant::now());
                } else {
                    sending.push(link.probe(probes.send(Instant::now(), SystemTime::now())));
                }
            }
            () = tokio::time::sleep_until(silent_at) => {
                if link.is_held_back() {
                    probes.hold_back(Instant::now());
                } else if probes.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                    return String::from(
                        "nothing of what this node sends to itself comes back: \
                         the broker is frozen or the line is cut",
                    );
                }
            }
        }
    }
}

/// Nodes that lost the same broker shall not all come back in the same moment.
fn with_jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
}
