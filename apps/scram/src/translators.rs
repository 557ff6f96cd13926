//! Which translators are connected to this process, and what they say of themselves.
//!
//! A translator is here from the moment it is let in until its consumer ends, however that is: its
//! [`Seat`] is dropped with the consumer. Nothing is counted, so no count can be wrong.

mod seat;
mod statistics;

pub use seat::{GHOSTS_MAX, Heartbeat, Seat};
pub use statistics::{Count, Counters, Statistics};

use crate::cidr::Network;
use crate::sockets::ToTranslators;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// After how much silence a translator's counts mean nothing any more.
pub const HEARTBEAT_HOLDS: TimeDelta = TimeDelta::seconds(90);

/// The translators that are connected to this process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Translators {
    seats: Arc<Seats>,
    to: ToTranslators,
}

/// A translator that is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// What it calls itself; the name of its token, or where it comes from, until it says.
    pub name: String,
    /// Where it comes from.
    pub address: String,
    /// Since when it is connected.
    pub since: DateTime<Utc>,
    /// When it last told how many routes there are.
    pub last_heartbeat: Option<DateTime<Utc>>,
    /// How many IPv4 routes there are, learnt ones included; 0 if that is older than
    /// [`HEARTBEAT_HOLDS`].
    pub v4: u64,
    /// How many IPv6 routes there are, likewise.
    pub v6: u64,
    /// Whether it announces what is active, and nothing else, as of the last comparison; none if
    /// there was none yet.
    pub in_sync: Option<bool>,
}

/// A network that is announced, though no entry of the action type is active for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// Which network.
    pub network: Network,
    /// Who announces it, by their names.
    pub translators: Vec<String>,
    /// When that was first seen.
    pub since: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: Mutex<Taken>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Taken {
    last: u64,
    seats: BTreeMap<u64, Translator>,
}

/// What is known of one translator.
#[derive(Debug)]
struct Translator {
    action_type: String,
    connected: Connected,
    /// What it announces and should not, and since when.
    ghosts: BTreeMap<Network, DateTime<Utc>>,
}

impl Translators {
    /// Makes the list, empty, of those who are told things this way.
    pub fn new(to: ToTranslators) -> Translators {
        Translators { seats: Arc::default(), to }
    }

    /// Returns the translators of an action type, the first come first.
    pub fn of(&self, action_type: &str) -> Vec<Connected> {
        let now = Utc::now();
        let taken = self.seats.lock();
        let seats = taken.seats.values().filter(|seat| seat.action_type == action_type);
        seats.map(|seat| seat.connected.as_of(now)).collect()
    }

    /// Returns the action types that translators are connected for.
    pub fn action_types(&self) -> Vec<String> {
        let taken = self.seats.lock();
        let names: BTreeSet<&String> = taken.seats.values().map(|seat| &seat.action_type).collect();
        names.into_iter().cloned().collect()
    }

    /// Returns what translators of an action type announce and should not, by network.
    pub fn ghosts(&self, action_type: &str) -> Vec<Ghost> {
        let mut ghosts: BTreeMap<Network, Ghost> = BTreeMap::new();
        let taken = self.seats.lock();
        for seat in taken.seats.values().filter(|seat| seat.action_type == action_type) {
            for (&network, &since) in &seat.ghosts {
                let first = Ghost { network, translators: Vec::new(), since };
                let ghost = ghosts.entry(network).or_insert(first);
                ghost.since = ghost.since.min(since);
                ghost.translators.push(seat.connected.name.clone());
            }
        }
        ghosts.into_values().collect()
    }

    /// Has all translators of an action type, of all instances, withdraw a network. Each that finds
    /// it active by then leaves it alone.
    ///
    /// # Errors
    ///
    /// If they cannot be told now, says why.
    pub async fn withdraw(&self, action_type: &str, network: &Network) -> Result<(), String> {
        self.to.withdraw(action_type, network).await
    }

    /// Returns what was counted since the start.
    pub fn statistics(&self) -> Statistics {
        self.seats.counters.read()
    }

    /// Returns the way to all of them.
    pub(crate) fn way(&self) -> &ToTranslators {
        &self.to
    }

    /// Returns where is counted.
    pub fn counters(&self) -> &Counters {
        &self.seats.counters
    }
}

impl Seats {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected {
    /// Returns the same, without counts that are too old to mean anything.
    fn as_of(&self, now: DateTime<Utc>) -> Connected {
        let holds = self.last_heartbeat.is_some_and(|last| now - last <= HEARTBEAT_HOLDS);
        let (v4, v6) = if holds { (self.v4, self.v6) } else { (0, 0) };
        Connected { v4, v6, ..self.clone() }
    }
}
