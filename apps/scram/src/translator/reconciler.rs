//! Makes what is announced equal to what is wanted.
//!
//! It connects, lists what is announced, and has every difference dealt with; then it follows the
//! changes, asks every [`PROBE_EVERY`] whether gobgpd still lives, and compares everything again every
//! [`Reconciler::compare_every`]. When a call fails, it begins anew: so a gobgpd that was restarted, and has
//! forgotten everything, is told everything within seconds.

#[cfg(test)]
mod tests;

use super::backend::{Backend, BackendError, CALL_WITHIN, Connection, Counts};
use super::backoff::Backoff;
use super::desired::{Desired, Work};
use super::route::{Attributes, Defaults, Route};
use super::shared::Shared;
use crate::cidr::Network;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// How often gobgpd is asked whether it lives.
pub const PROBE_EVERY: Duration = Duration::from_secs(2);

/// How many changes are dealt with in one go.
const BATCH: usize = 500;

/// How long the list of all routes may take.
const LIST_WITHIN: Duration = Duration::from_secs(120);

/// The first wait before gobgpd is connected to again.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Keeps gobgpd equal to the wanted routes.
pub struct Reconciler {
    /// Who announces.
    pub backend: Arc<dyn Backend>,
    /// Where the wanted routes are.
    pub shared: Arc<Shared>,
    /// By whose communities routes of an earlier run are recognised.
    pub defaults: Defaults,
    /// How often all that is announced is compared with all that is wanted.
    pub compare_every: Duration,
}

/// What is known of one connection.
struct Session<'a> {
    reconciler: &'a Reconciler,
    connection: Arc<dyn Connection>,
    /// What gobgpd did not take: it is not logged each time.
    rejected: HashMap<Network, Attributes>,
}

impl Reconciler {
    /// Does so until it is dropped.
    pub async fn run(self) {
        let mut backoff = Backoff::new(FIRST_WAIT);
        loop {
            let error = match self.connect().await {
                Ok(mut session) => {
                    let error = session.run(&mut backoff).await;
                    self.shared.set_connection(None);
                    error
                }
                Err(error) => error,
            };
            let wait = backoff.next_wait();
            let name = self.backend.name();
            tracing::warn!(
                %error, ?wait,
                "{name} is lost; connecting again. Its routes, if it lives, stay"
            );
            self.shared.statistics.set_error(Some(error.to_string()));
            tokio::time::sleep(wait).await;
        }
    }

    async fn connect(&self) -> Result<Session<'_>, BackendError> {
        let connection = within(CALL_WITHIN, self.backend.connect()).await?;
        Ok(Session { reconciler: self, connection, rejected: HashMap::new() })
    }
}

impl Session<'_> {
    /// Follows the wanted routes until a call fails.
    async fn run(&mut self, backoff: &mut Backoff) -> BackendError {
        match self.follow(backoff).await {
            Err(error) => error,
            Ok(never) => match never {},
        }
    }

    async fn follow(
        &mut self,
        backoff: &mut Backoff,
    ) -> Result<std::convert::Infallible, BackendError> {
        let shared = Arc::clone(&self.reconciler.shared);
        self.probe().await?;
        self.compare().await?;
        shared.set_connection(Some(Arc::clone(&self.connection)));
        shared.statistics.backend_connections.increase();
        self.work().await?;
        tracing::info!(
            announced = shared.announced().len(),
            "{} is connected and told of all routes",
            self.reconciler.backend.name()
        );
        backoff.reset();
        let compare_every = self.reconciler.compare_every;
        let mut probe = interval_at(Instant::now() + PROBE_EVERY, PROBE_EVERY);
        let mut compare = interval_at(Instant::now() + compare_every, compare_every);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shared.changed.notified() => {}
                _ = probe.tick() => self.probe().await?,
                _ = compare.tick() => self.compare().await?,
            }
            self.work().await?;
        }
    }

    /// Deals with all changes, those too that come in the meantime.
    async fn work(&mut self) -> Result<(), BackendError> {
        let shared = Arc::clone(&self.reconciler.shared);
        let mut has_worked = false;
        loop {
            let is_to_be_compared = shared.desired().take_comparison();
            if is_to_be_compared {
                self.compare().await?;
            }
            let work = shared.desired().take_work(BATCH);
            let Some(mut work) = work else { break };
            has_worked = true;
            let outcome = self.perform(&mut work).await;
            if outcome.is_err() {
                shared.desired().put_back(&work);
            }
            self.show();
            outcome?;
        }
        if has_worked { self.probe().await } else { Ok(()) }
    }

    /// Does some work; what is left of it when it fails stays in it.
    async fn perform(&mut self, work: &mut Work) -> Result<(), BackendError> {
        if work.withdraw_all {
            within(CALL_WITHIN, self.connection.withdraw_all()).await?;
            work.withdraw_all = false;
            let withdrawn = std::mem::take(&mut *self.reconciler.shared.announced()).len();
            self.reconciler.shared.statistics.withdrawn.add(withdrawn);
        }
        let (routes, networks) = self.sorted(&work.changes);
        self.announce(&routes).await?;
        self.withdraw(&networks).await
    }

    /// Returns what is to be announced and is not, and what is to be withdrawn.
    fn sorted(&self, changes: &[(Network, Option<Attributes>)]) -> (Vec<Route>, Vec<Network>) {
        let known = self.reconciler.shared.announced();
        let (mut routes, mut networks) = (Vec::new(), Vec::new());
        for (network, wanted) in changes {
            match *wanted {
                Some(attributes) if known.get(network) == Some(&attributes) => {}
                Some(attributes) => routes.push(Route { network: *network, attributes }),
                None => networks.push(*network),
            }
        }
        (routes, networks)
    }

    async fn announce(&mut self, routes: &[Route]) -> Result<(), BackendError> {
        if routes.is_empty() {
            return Ok(());
        }
        match within(CALL_WITHIN, self.connection.announce(routes)).await {
            Ok(()) => routes.iter().for_each(|route| self.is_announced(route)),
            Err(BackendError::Refused(_)) if routes.len() > 1 => {
                // One of them keeps the others from being announced: each by itself.
                for route in routes {
                    self.announce_one(route).await?;
                }
            }
            Err(BackendError::Refused(reason)) => self.is_rejected(&routes[0], &reason),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn announce_one(&mut self, route: &Route) -> Result<(), BackendError> {
        match within(CALL_WITHIN, self.connection.announce(std::slice::from_ref(route))).await {
            Ok(()) => self.is_announced(route),
            Err(BackendError::Refused(reason)) => self.is_rejected(route, &reason),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_announced(&mut self, route: &Route) {
        tracing::debug!(%route, "announced");
        self.rejected.remove(&route.network);
        self.reconciler.shared.announced().insert(route.network, route.attributes);
        self.reconciler.shared.statistics.announced.increase();
    }

    /// It is tried again with the next comparison.
    fn is_rejected(&mut self, route: &Route, reason: &str) {
        self.reconciler.shared.statistics.rejected.increase();
        if self.rejected.insert(route.network, route.attributes) != Some(route.attributes) {
            tracing::warn!(%route, reason, "gobgpd did not take this route");
        }
    }

    async fn withdraw(&mut self, networks: &[Network]) -> Result<(), BackendError> {
        if networks.is_empty() {
            return Ok(());
        }
        match within(CALL_WITHIN, self.connection.withdraw(networks)).await {
            Ok(()) => {}
            Err(BackendError::Refused(reason)) => {
                // What is announced all the same shows in the next comparison.
                tracing::warn!(reason, "gobgpd did not withdraw all that it was to");
            }
            Err(error) => return Err(error),
        }
        for network in networks {
            tracing::debug!(%network, "withdrawn");
            self.reconciler.shared.announced().remove(network);
            self.rejected.remove(network);
        }
        self.reconciler.shared.statistics.withdrawn.add(networks.len());
        Ok(())
    }

    /// Lists what is announced, and has every difference dealt with.
    async fn compare(&mut self) -> Result<(), BackendError> {
        let own = within(LIST_WITHIN, self.connection.list_own()).await?;
        let Reconciler { shared, defaults, .. } = self.reconciler;
        *shared.announced() =
            own.into_iter().map(|route| (route.network, route.attributes)).collect();
        let differing = shared.change(|desired| {
            let differing = differences(desired, &shared.announced(), defaults);
            desired.mark(differing.iter().copied());
            differing
        });
        shared.statistics.comparisons.increase();
        shared.statistics.differences.add(differing.len());
        if !differing.is_empty() {
            tracing::info!(
                routes = differing.len(),
                "what is announced differs from what is wanted"
            );
        }
        self.show();
        Ok(())
    }

    /// Asks whether gobgpd lives, by what a heartbeat needs to know.
    async fn probe(&mut self) -> Result<(), BackendError> {
        let counts = within(CALL_WITHIN, self.connection.counts()).await?;
        self.reconciler.shared.statistics.set_table(counts);
        self.show();
        Ok(())
    }

    fn show(&self) {
        let Shared { statistics, .. } = &*self.reconciler.shared;
        statistics.set_own(Counts::of(self.reconciler.shared.announced().keys()));
        let desired = self.reconciler.shared.desired();
        statistics.set_wanted(desired.routes().len(), desired.pending());
        drop(desired);
        statistics.set_error(match self.rejected.len() {
            0 => None,
            count => Some(format!("gobgpd did not take {count} routes")),
        });
    }
}

/// Returns the networks for which what is announced is not what is wanted. What is announced and not wanted
/// counts only once all that is wanted is known, and only if its community is one that this translator
/// uses: others may have routes of their own in the same gobgpd.
pub fn differences(
    desired: &Desired,
    own: &HashMap<Network, Attributes>,
    defaults: &Defaults,
) -> Vec<Network> {
    let routes = desired.routes();
    let differs =
        |(network, attributes): &(&Network, &Attributes)| own.get(network) != Some(attributes);
    let mut differing: Vec<Network> =
        routes.iter().filter(differs).map(|(network, _)| *network).collect();
    if desired.is_complete() {
        let mark = |asn: u32, community: u32| (asn, community);
        let mut marks: HashSet<(u32, u32)> =
            routes.values().map(|wanted| mark(wanted.asn, wanted.community)).collect();
        marks.insert(mark(defaults.asn, defaults.community));
        let is_ghost = |(network, attributes): &(&Network, &Attributes)| {
            !routes.contains_key(network)
                && marks.contains(&mark(attributes.asn, attributes.community))
        };
        differing.extend(own.iter().filter(is_ghost).map(|(network, _)| *network));
    }
    differing.sort_unstable();
    differing
}

async fn within<T>(
    time: Duration,
    call: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, BackendError> {
    timeout(time, call).await.unwrap_or_else(|_| Err(BackendError::too_late()))
}
