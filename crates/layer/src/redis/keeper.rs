//! Keeps the connections to a host: makes them, proves them alive, says when they are lost, makes
//! the next.

use super::HostUrl;
use super::hosts::{Connections, State, Tenant, explain};
use crate::statistics::Counting;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, cmd};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};

/// How long it waits after a first failure, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));

/// The task that keeps the connections to a host.
pub(super) struct Keeper {
    index: usize,
    url: HostUrl,
    silence: Duration,
    connect_within: Duration,
    state: watch::Sender<State>,
    counting: Arc<Counting>,
    /// When the connection was last known to stand; none before the first.
    stood: Option<SystemTime>,
}

impl Keeper {
    pub(super) fn new(
        index: usize,
        url: HostUrl,
        (silence, connect_within): (Duration, Duration),
        state: watch::Sender<State>,
        counting: Arc<Counting>,
    ) -> Keeper {
        Keeper { index, url, silence, connect_within, state, counting, stood: None }
    }

    /// Keeps them until the layer is gone.
    pub(super) async fn run(
        mut self,
        layer: Weak<dyn Tenant>,
        mut complaints: mpsc::Receiver<String>,
    ) {
        let mut pause = BACK_OFF.0;
        let mut told = false;
        while let Some(tenant) = layer.upgrade() {
            while complaints.try_recv().is_ok() {}
            match self.establish(&tenant).await {
                Ok(connections) => {
                    (pause, told) = (BACK_OFF.0, false);
                    self.stand(tenant, connections, &mut complaints).await;
                }
                Err(why) => {
                    drop(tenant);
                    self.still_lost(&why, &mut told);
                }
            }
            tokio::time::sleep(with_jitter(pause)).await;
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }

    /// Makes the connections, and lets the layer join everything.
    async fn establish(&self, tenant: &Arc<dyn Tenant>) -> Result<Connections, String> {
        self.counting.connects.add(1);
        let connecting = async {
            let mouth = self.connect(tenant).await?;
            let ear = self.connect(tenant).await?;
            Ok::<_, String>(Connections { mouth, ear })
        };
        let connections = in_time(self.connect_within, connecting).await?;
        // It waits for each of its answers, so it takes as long as there is to join.
        tenant.join(self.index, &connections).await?;
        Ok(connections)
    }

    async fn connect(&self, tenant: &Arc<dyn Tenant>) -> Result<MultiplexedConnection, String> {
        let (tenant, index) = (Arc::downgrade(tenant), self.index);
        let hear = move |push| {
            if let Some(tenant) = tenant.upgrade() {
                tenant.hear(index, push);
            }
        };
        connect(&self.url, self.connect_within, hear).await
    }

    /// Lets the layer use the connections until they are lost.
    async fn stand(
        &mut self,
        tenant: Arc<dyn Tenant>,
        connections: Connections,
        complaints: &mut mpsc::Receiver<String>,
    ) {
        let until = SystemTime::now();
        let before = self.stood.replace(until);
        if let Some(from) = before {
            tenant.back(self.index, from, until);
        }
        self.state.send_replace(State::Connected(connections.clone()));
        tracing::info!(host = %self.url, "the channel layer's host is connected");
        let why = tokio::select! {
            // It listens first, so that it takes note of every end.
            biased;
            why = tenant.listen(self.index, connections.clone()) => why,
            why = prove(&connections.mouth, self.silence, &mut self.stood) => why,
            Some(why) = complaints.recv() => why,
        };
        tracing::warn!(host = %self.url, %why, "the channel layer's host is lost");
        self.counting.outages.add(1);
        self.state.send_replace(State::Lost(format!("{}: {why}", self.url)));
    }

    /// Takes note of an attempt that failed; the first one is told.
    fn still_lost(&self, why: &str, told: &mut bool) {
        if !*told {
            *told = true;
            tracing::warn!(
                host = %self.url, %why,
                "the channel layer's host cannot be connected to; it is tried again and again"
            );
        }
        self.state.send_replace(State::Lost(format!("{}: {why}", self.url)));
    }
}

impl Drop for Keeper {
    /// Ends the connections, of which others still hold clones.
    fn drop(&mut self) {
        let why = format!("{}: the channel layer is closed", self.url);
        self.state.send_replace(State::Lost(why));
    }
}

/// Opens a connection; what Redis sends of itself goes to `hear`.
pub(super) async fn connect(
    url: &HostUrl,
    within: Duration,
    hear: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<MultiplexedConnection, String> {
    let client = Client::open(url.info()).map_err(|error| explain(&error))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(within))
        // Who asks says how long they wait.
        .set_response_timeout(None)
        .set_push_sender(move |push| {
            hear(push);
            Ok::<(), ()>(())
        });
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    connection.map_err(|error| explain(&error))
}

/// Asks again and again whether somebody is there, and notes when there was; returns why not.
pub(super) async fn prove(
    connection: &MultiplexedConnection,
    silence: Duration,
    stood: &mut Option<SystemTime>,
) -> String {
    let mut connection = connection.clone();
    let mut ticks = tokio::time::interval(silence / 3);
    loop {
        ticks.tick().await;
        let asked = SystemTime::now();
        let ping = cmd("PING");
        let answer = ping.query_async::<redis::Value>(&mut connection);
        match tokio::time::timeout(silence * 2 / 3, answer).await {
            Ok(Ok(_)) => *stood = Some(asked),
            Ok(Err(error)) => return explain(&error),
            Err(_) => return format!("no answer within {silence:?}: it is frozen or cut off"),
        }
    }
}

async fn in_time<T>(
    within: Duration,
    step: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let done = tokio::time::timeout(within, step).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {within:?}")))
}

/// Processes that lost the same host shall not all come back in the same moment.
fn with_jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
}
