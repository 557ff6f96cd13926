//! Which routes are wanted, and which of them the reconciler has not dealt with yet.
//!
//! The server says what it wants by a replay when it is reached, and by changes afterwards. What is not
//! in a replay is not wanted any more, but only once the replay is known to be whole: a server that is
//! lost, or that stumbles in the middle, must not unblock anything.

#[cfg(test)]
mod tests;

use super::route::{Attributes, Refusal, Route};
use crate::cidr::Network;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The wanted routes.
#[derive(Debug)]
pub struct Desired {
    routes: HashMap<Network, Attributes>,
    /// What changed and was not dealt with yet. It stands for what is wanted when it is taken, so that
    /// many changes of one route are one, and the last.
    changed: BTreeSet<Network>,
    /// Everything is to be withdrawn before the changes are dealt with.
    is_cleared: bool,
    /// What is announced is to be compared with all that is wanted.
    is_to_be_compared: bool,
    /// A whole replay was heard since the start: what is not wanted may be withdrawn.
    is_complete: bool,
    replay: Option<Replay>,
    routes_max: usize,
}

/// A replay that is not over yet.
#[derive(Debug)]
struct Replay {
    /// The server's name for it; null where there is none.
    epoch: Value,
    heard: HashSet<Network>,
    adds: u64,
}

/// Something for the reconciler to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Withdraw everything, first.
    pub withdraw_all: bool,
    /// Then announce with these attributes, or withdraw.
    pub changes: Vec<(Network, Option<Attributes>)>,
}

impl Desired {
    /// Wants nothing yet, and never more than `routes_max` routes.
    pub fn new(routes_max: usize) -> Self {
        Self {
            routes: HashMap::new(),
            changed: BTreeSet::new(),
            is_cleared: false,
            is_to_be_compared: false,
            is_complete: false,
            replay: None,
            routes_max,
        }
    }

    /// Wants a route, instead of what was wanted for its network.
    ///
    /// # Errors
    ///
    /// If there is no room for one more.
    pub fn add(&mut self, route: Route) -> Result<(), Refusal> {
        let Route { network, attributes } = route;
        if let Some(replay) = &mut self.replay {
            replay.adds += 1;
        }
        let is_known = self.routes.contains_key(&network);
        if !is_known && self.routes.len() >= self.routes_max {
            return Err(Refusal::Full);
        }
        if let Some(replay) = &mut self.replay {
            replay.heard.insert(network);
        }
        if self.routes.insert(network, attributes) != Some(attributes) {
            self.changed.insert(network);
        }
        Ok(())
    }

    /// Counts a message that was refused: it may be an add, and a part of the replay all the same.
    pub fn count_refused(&mut self) {
        if let Some(replay) = &mut self.replay {
            replay.adds += 1;
        }
    }

    /// Wants no route for a network any more. It is withdrawn even where nothing is known of it.
    ///
    /// # Errors
    ///
    /// If more changes wait than there may be routes, and this would be another one.
    pub fn remove(&mut self, network: Network) -> Result<(), Refusal> {
        let is_known = self.routes.remove(&network).is_some();
        if let Some(replay) = &mut self.replay {
            replay.heard.remove(&network);
        }
        if !is_known && self.changed.len() >= self.changes_max() {
            return Err(Refusal::Full);
        }
        self.changed.insert(network);
        Ok(())
    }

    /// Wants nothing any more.
    pub fn remove_all(&mut self) {
        self.routes.clear();
        self.changed.clear();
        self.is_cleared = true;
        if let Some(replay) = &mut self.replay {
            replay.heard.clear();
        }
    }

    /// A replay begins; one that was not over is forgotten.
    pub fn begin_replay(&mut self, epoch: Value) {
        self.replay = Some(Replay { epoch, heard: HashSet::new(), adds: 0 });
    }

    /// The replay is over: what was not in it is not wanted any more. Returns how many routes that were.
    ///
    /// # Errors
    ///
    /// If it is not the one that was begun, or less was heard than the `count` that the server sent; then
    /// nothing is withdrawn.
    pub fn end_replay(&mut self, epoch: &Value, count: Option<u64>) -> Result<usize, Refusal> {
        let replay = self.replay.take().filter(|replay| replay.epoch == *epoch);
        let replay = replay.filter(|replay| replay.adds >= count.unwrap_or(0));
        let heard = replay.ok_or(Refusal::Sync)?.heard;
        let before = self.routes.len();
        let changed = &mut self.changed;
        self.routes.retain(|network, _| {
            heard.contains(network) || {
                changed.insert(*network);
                false
            }
        });
        self.is_complete = true;
        self.is_to_be_compared = true;
        Ok(before - self.routes.len())
    }

    /// The server was lost: what was heard of a replay is wanted, and all else stays as it is.
    pub fn abandon_replay(&mut self) {
        self.replay = None;
    }

    /// Returns whether a replay has begun and is not over.
    pub fn is_replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// Returns whether a whole replay was heard since the start.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns whether what is announced is to be compared with all that is wanted, and forgets it.
    pub fn take_comparison(&mut self) -> bool {
        std::mem::take(&mut self.is_to_be_compared)
    }

    /// Returns at most so many changes to deal with; none if there are none.
    pub fn take_work(&mut self, changes_max: usize) -> Option<Work> {
        if !self.is_cleared && self.changed.is_empty() {
            return None;
        }
        let withdraw_all = std::mem::take(&mut self.is_cleared);
        let take = changes_max.min(self.changed.len());
        let changes = std::iter::from_fn(|| self.changed.pop_first()).take(take);
        let changes = changes.map(|network| (network, self.routes.get(&network).copied()));
        Some(Work { withdraw_all, changes: changes.collect() })
    }

    /// Takes back what could not be done. What changed in the meantime stands.
    pub fn put_back(&mut self, work: &Work) {
        self.is_cleared |= work.withdraw_all;
        self.changed.extend(work.changes.iter().map(|(network, _)| *network));
    }

    /// Has these networks dealt with once more.
    pub fn mark(&mut self, networks: impl IntoIterator<Item = Network>) {
        self.changed.extend(networks);
    }

    /// Returns the wanted routes.
    pub fn routes(&self) -> &HashMap<Network, Attributes> {
        &self.routes
    }

    /// Returns how many changes wait.
    pub fn pending(&self) -> usize {
        self.changed.len() + usize::from(self.is_cleared)
    }

    fn changes_max(&self) -> usize {
        self.routes_max.saturating_mul(2)
    }
}
