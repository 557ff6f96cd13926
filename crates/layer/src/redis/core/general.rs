//! Receives from general channels, which any number of processes share.
//!
//! A message that is popped is gone for all others, so one is popped only while somebody waits for
//! it here, and no more than one on each host. Each channel and host has a connection of its own,
//! since it waits there.

use super::inbox::Popped;
use super::shared::Shared;
use crate::queue::{Demand, Queue};
use crate::redis::hosts::{State, explain};
use crate::redis::keeper;
use crate::redis::reading::{bounded, undecodable};
use crate::{LayerError, Message, MissedReason};
use redis::aio::MultiplexedConnection;
use redis::cmd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long Redis waits for something to come, in seconds.
const BLOCK_S: u64 = 1;

/// How long nothing is tried after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// The general channels to which this process listens.
#[derive(Debug, Default)]
pub(super) struct Listens(Mutex<Vec<Listen>>);

#[derive(Debug)]
struct Listen {
    queue: Arc<Queue>,
    /// One for each host; they end with it.
    _readers: JoinSet<()>,
}

impl Listens {
    /// Ends the listening into a queue.
    pub(super) fn end(&self, queue: &Arc<Queue>) {
        self.lock().retain(|listen| !Arc::ptr_eq(&listen.queue, queue));
    }

    /// Tells all that something is or may be missing.
    pub(super) fn tell_all(&self, missed: &MissedReason) {
        self.lock().iter().for_each(|listen| listen.queue.miss(missed.clone()));
    }

    /// Ends all.
    pub(super) fn close(&self) {
        self.lock().drain(..).for_each(|listen| listen.queue.close());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Listen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to listen to a general channel; returns where its messages come.
pub(super) fn listen(shared: &Arc<Shared>, name: &str) -> Result<Arc<Queue>, LayerError> {
    let mut listens = shared.listens.lock();
    shared.check_open()?;
    if listens.len() >= shared.settings.listens_max {
        return Err(LayerError::Limit("listens_max"));
    }
    let demand = Arc::default();
    let queue = shared.queue(&demand);
    let key = shared.keys.inbox(name);
    let mut readers = JoinSet::new();
    for host in 0..shared.hosts.count() {
        let (shared, key) = (Arc::downgrade(shared), key.clone());
        let (queue, demand) = (Arc::clone(&queue), Arc::clone(&demand));
        readers.spawn(Reader { shared, host, key, queue, demand }.run());
    }
    listens.push(Listen { queue: Arc::clone(&queue), _readers: readers });
    Ok(queue)
}

/// Pops from a general channel on one host.
struct Reader {
    shared: Weak<Shared>,
    host: usize,
    key: String,
    queue: Arc<Queue>,
    demand: Arc<Demand>,
}

impl Reader {
    async fn run(self) {
        let mut connection = None;
        loop {
            self.demand.present().await;
            let Some(mut state) = self.shared.upgrade().map(|shared| shared.hosts.watch(self.host))
            else {
                return;
            };
            if state.wait_for(|state| matches!(state, State::Connected(_))).await.is_err() {
                return;
            }
            if let Err(why) = self.pop(&mut connection).await {
                tracing::debug!(%why, "a general channel cannot be read; it is tried again");
                connection = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Waits for a message a while.
    async fn pop(&self, connection: &mut Option<MultiplexedConnection>) -> Result<(), String> {
        let Some(shared) = self.shared.upgrade() else { return Ok(()) };
        if connection.is_none() {
            let url = &shared.settings.hosts[self.host];
            *connection = Some(keeper::connect(url, shared.settings.connect_within, |_| ()).await?);
        }
        let connection = connection.as_mut().expect("it was just made");
        let mut wait = cmd("BZPOPMIN");
        wait.arg(&self.key).arg(BLOCK_S);
        let within = shared.settings.silence + Duration::from_secs(BLOCK_S);
        let answer = tokio::time::timeout(within, wait.query_async::<Option<Popped>>(connection));
        let popped = answer.await.map_err(|_| format!("no answer within {within:?}"))?;
        if let Some((_, entry, _)) = popped.map_err(|error| explain(&error))? {
            self.take(&shared, &entry);
        }
        Ok(())
    }

    fn take(&self, shared: &Shared, entry: &[u8]) {
        let opened = shared.codec.read(entry, SystemTime::now()).and_then(|mut fields| {
            // As a member of a group it is named there.
            fields.shift_remove(Message::ADDRESS_KEY);
            bounded(fields, &shared.settings.common)
        });
        match opened {
            Ok(message) => drop(self.queue.push_or_miss(&message, Instant::now())),
            Err(why) => {
                undecodable(&shared.counting, why);
                self.queue.miss(MissedReason::Undecodable { count: 1 });
            }
        }
    }
}
