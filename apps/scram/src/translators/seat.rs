//! One translator's place among the others, for as long as its consumer lives.

use super::{Connected, Seats, Translator, Translators};
use crate::cidr::Network;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One translator's place. When it is dropped, the translator is gone.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    number: u64,
}

/// What a translator says of itself every now and then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// What it calls itself, if it does.
    pub name: Option<String>,
    /// How many IPv4 routes there are.
    pub v4: u64,
    /// How many IPv6 routes there are.
    pub v6: u64,
}

/// How many networks a translator may announce wrongly before the rest is not remembered.
pub const GHOSTS_MAX: usize = 10_000;

/// How long a name may be that a translator gives itself.
const NAME_CHARACTERS_MAX: usize = 100;

impl Translators {
    /// Takes a place for a translator that is let in.
    pub fn seat(&self, action_type: &str, name: &str, address: &str) -> Seat {
        let connected = Connected {
            name: name.to_owned(),
            address: address.to_owned(),
            since: Utc::now(),
            last_heartbeat: None,
            v4: 0,
            v6: 0,
            in_sync: None,
        };
        let ghosts = BTreeMap::new();
        let translator = Translator { action_type: action_type.to_owned(), connected, ghosts };
        let mut taken = self.seats.lock();
        taken.last += 1;
        let number = taken.last;
        taken.seats.insert(number, translator);
        drop(taken);
        Seat { seats: Arc::clone(&self.seats), number }
    }
}

impl Seat {
    /// Takes note of a heartbeat.
    pub fn beat(&self, heartbeat: Heartbeat) {
        self.change(|translator| {
            let connected = &mut translator.connected;
            connected.last_heartbeat = Some(Utc::now());
            (connected.v4, connected.v6) = (heartbeat.v4, heartbeat.v6);
            if let Some(name) = heartbeat.name.filter(|name| !name.is_empty()) {
                connected.name = name.chars().take(NAME_CHARACTERS_MAX).collect();
            }
        });
    }

    /// Returns what the translator is called by now.
    pub fn name(&self) -> String {
        self.change(|translator| translator.connected.name.clone()).unwrap_or_default()
    }

    /// Takes note of whether the translator announces what it should.
    pub fn set_in_sync(&self, in_sync: bool) {
        self.change(|translator| translator.connected.in_sync = Some(in_sync));
    }

    /// Takes note of all that the translator announces and should not, [`GHOSTS_MAX`] at most.
    /// What was known keeps the time at which it was first seen.
    pub fn set_ghosts(&self, networks: &BTreeSet<Network>) {
        let now = Utc::now();
        self.change(|translator| {
            let known = std::mem::take(&mut translator.ghosts);
            let since = |network: &Network| known.get(network).copied().unwrap_or(now);
            let ghosts = networks.iter().take(GHOSTS_MAX);
            translator.ghosts = ghosts.map(|network| (*network, since(network))).collect();
        });
    }

    /// Returns what the translator announces and should not, and since when.
    pub fn ghosts(&self) -> BTreeMap<Network, DateTime<Utc>> {
        self.change(|translator| translator.ghosts.clone()).unwrap_or_default()
    }

    /// Nothing comes of it only if the seat is gone, which it is not before it is dropped.
    fn change<T>(&self, change: impl FnOnce(&mut Translator) -> T) -> Option<T> {
        self.seats.lock().seats.get_mut(&self.number).map(change)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().seats.remove(&self.number);
    }
}
