//! The hosts of a layer, as its calls see them.

use super::keeper::Keeper;
use super::{HostUrl, RedisSettings, ring};
use crate::statistics::Counting;
use crate::{LayerError, SendError};
use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, PushInfo, RedisError};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The hosts of a layer.
pub(super) struct Hosts {
    hosts: Vec<Host>,
    answer_within: Duration,
}

/// Their keepers, which are started when there is a layer to work for.
pub(super) struct Keepers(Vec<(Keeper, mpsc::Receiver<String>)>);

/// One of them.
struct Host {
    url: HostUrl,
    state: watch::Receiver<State>,
    /// Tells the keeper that the connection is of no use any more.
    complaints: mpsc::Sender<String>,
}

/// Whether a host can be reached.
#[derive(Clone)]
pub(super) enum State {
    /// It can, and everything is joined.
    Connected(Connections),
    /// It cannot, for this reason.
    Lost(String),
}

/// The connections to a host.
#[derive(Clone)]
pub(super) struct Connections {
    /// For commands that are answered at once.
    pub(super) mouth: MultiplexedConnection,
    /// For what waits: the core layer's inboxes, or the pub/sub layer's subscriptions.
    pub(super) ear: MultiplexedConnection,
}

/// What a kind of layer does with the connections.
#[async_trait]
pub(super) trait Tenant: Send + Sync + 'static {
    /// Takes what Redis sends of itself on the ear, and must not wait.
    fn hear(&self, host: usize, push: PushInfo);

    /// Joins everything (again) before the host counts as connected; or says why it cannot.
    async fn join(&self, host: usize, connections: &Connections) -> Result<(), String>;

    /// Reads what comes, and proves the ear alive, while the host is connected; returns why it is
    /// lost.
    async fn listen(&self, host: usize, connections: Connections) -> String;

    /// Takes note that a host was lost, but everything is joined again, before it counts as connected;
    /// not called for the first time.
    fn back(&self, host: usize, from: SystemTime, until: SystemTime);
}

/// Why a host did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It was not done.
    Unavailable(String),
    /// It may have been done or not.
    Unconfirmed(String),
}

impl Hosts {
    /// Makes them, none of them connected.
    pub(super) fn new(settings: &RedisSettings, counting: &Arc<Counting>) -> (Hosts, Keepers) {
        let timing = (settings.silence, settings.connect_within);
        let make = |(index, url): (usize, &HostUrl)| {
            let (sender, state) = watch::channel(State::Lost(format!("{url}: not yet connected")));
            let (complaints, heard) = mpsc::channel(1);
            let host = Host { url: url.clone(), state, complaints };
            let counting = Arc::clone(counting);
            (host, (Keeper::new(index, url.clone(), timing, sender, counting), heard))
        };
        let (hosts, keepers) = settings.hosts.iter().enumerate().map(make).unzip();
        (Hosts { hosts, answer_within: settings.silence }, Keepers(keepers))
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.hosts.len()
    }

    /// Returns the host of a name.
    pub(super) fn of(&self, name: &str) -> usize {
        ring::host_of(name, self.hosts.len())
    }

    /// Returns the connections to a host, if it is connected.
    pub(super) fn connections(&self, host: usize) -> Result<Connections, Failure> {
        match &*self.hosts[host].state.borrow() {
            State::Connected(connections) => Ok(connections.clone()),
            State::Lost(why) => Err(Failure::Unavailable(why.clone())),
        }
    }

    /// Returns a receiver that changes when the host is lost or connected.
    pub(super) fn watch(&self, host: usize) -> watch::Receiver<State> {
        self.hosts[host].state.clone()
    }

    /// Waits until all are connected; returns why not, if that takes too long.
    pub(super) async fn connected(&self, within: Duration) -> Result<(), Failure> {
        let all = async {
            for host in &self.hosts {
                let mut state = host.state.clone();
                // The keeper is there as long as this is.
                let _ = state.wait_for(|state| matches!(state, State::Connected(_))).await;
            }
        };
        if tokio::time::timeout(within, all).await.is_ok() {
            return Ok(());
        }
        (0..self.count()).try_for_each(|host| self.connections(host).map(drop))
    }

    /// Asks a host, and waits for the answer no longer than the host counts as connected.
    pub(super) async fn ask<T: FromRedisValue + Send>(
        &self,
        host: usize,
        pipeline: &Pipeline,
    ) -> Result<T, Failure> {
        let mut mouth = self.connections(host)?.mouth;
        self.watched(host, pipeline.query_async(&mut mouth)).await
    }

    /// Waits for an answer on a connection, but no longer than the host counts as connected.
    pub(super) async fn watched<T>(
        &self,
        host: usize,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Failure> {
        let host = &self.hosts[host];
        let mut state = host.state.clone();
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|error| host.failure(&error)),
            _ = state.wait_for(|state| matches!(state, State::Lost(_))) => {
                Err(Failure::Unconfirmed(format!("{}: lost while waiting for its answer", host.url)))
            }
            () = tokio::time::sleep(self.answer_within) => {
                let why = format!("{}: no answer within {:?}", host.url, self.answer_within);
                host.complain(&why);
                Err(Failure::Unconfirmed(why))
            }
        }
    }
}

impl Keepers {
    /// Starts them. They end with what is returned.
    pub(super) fn start(self, tenant: &Weak<dyn Tenant>) -> JoinSet<()> {
        let runs = self.0.into_iter();
        runs.map(|(keeper, complaints)| keeper.run(Weak::clone(tenant), complaints)).collect()
    }
}

impl Host {
    /// Says what became of a question, and takes connections out of use that are of none.
    fn failure(&self, error: &RedisError) -> Failure {
        let why = format!("{}: {}", self.url, explain(error));
        match refusal(error).as_deref() {
            // It is, or has become, a replica, or has none of its data.
            Some("READONLY" | "LOADING" | "MASTERDOWN") => {
                self.complain(&why);
                Failure::Unavailable(why)
            }
            // Redis itself answered that it did not.
            Some(_) => Failure::Unavailable(why),
            None => {
                self.complain(&why);
                Failure::Unconfirmed(why)
            }
        }
    }

    fn complain(&self, why: &str) {
        // One complaint is enough.
        let _ = self.complaints.try_send(why.to_owned());
    }
}

/// Returns the code with which Redis itself refused, be it one command of many; none, if it did not
/// come to that.
pub(super) fn refusal(error: &RedisError) -> Option<String> {
    let refused = error.clone().into_server_errors();
    let first = refused.and_then(|errors| errors.first().map(|(_, error)| error.code().to_owned()));
    first.or_else(|| error.code().map(str::to_owned))
}

/// Says what happened and what to do.
pub(super) fn explain(error: &RedisError) -> String {
    match refusal(error).as_deref() {
        Some("NOAUTH" | "WRONGPASS") => {
            format!("Redis refuses the login: check user and password of the host's URL ({error})")
        }
        Some("NOPERM") => format!(
            "Redis does not permit it: this user needs the commands, keys and channels of the \
             layer's prefix ({error})"
        ),
        _ => error.to_string(),
    }
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> SendError {
        match failure {
            Failure::Unavailable(why) => SendError::Unavailable(why),
            Failure::Unconfirmed(why) => SendError::Unconfirmed(why),
        }
    }
}

impl From<Failure> for LayerError {
    fn from(failure: Failure) -> LayerError {
        match failure {
            Failure::Unavailable(why) | Failure::Unconfirmed(why) => LayerError::Unavailable(why),
        }
    }
}
