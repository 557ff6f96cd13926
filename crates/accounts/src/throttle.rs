//! Slowing down whoever guesses passwords.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::statistics::Counters;
use crate::{Problem, Settings, user};

/// Failures by name and address, and by address alone.
pub(crate) struct Throttle {
    failures: Mutex<HashMap<Key, Failures>>,
    keys_max: usize,
    counters: Arc<Counters>,
}

/// Of whose failures they are; without a name, all from the address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    name: Option<String>,
    address: Option<IpAddr>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// A try that counts as failed until it has succeeded: many at once are no way around.
pub(crate) struct Attempt(Vec<Key>);

/// How much more of one address is borne, whatever the names: many people may share one.
const ADDRESS_TIMES: u32 = 20;

/// The longest wait; failures are forgotten after four of them.
const WAIT_MAX: Duration = Duration::from_mins(15);
const FORGET_AFTER: Duration = Duration::from_hours(1);

impl Throttle {
    pub(crate) fn new(keys_max: usize, counters: Arc<Counters>) -> Throttle {
        Throttle { failures: Mutex::default(), keys_max: keys_max.max(2), counters }
    }

    /// Lets somebody try, or says how long to wait.
    pub(crate) fn attempt(
        &self,
        username: &str,
        address: Option<IpAddr>,
        settings: &Settings,
    ) -> Result<Attempt, Problem> {
        self.attempt_at(username, address, settings.failures_max, Instant::now())
    }

    fn attempt_at(
        &self,
        username: &str,
        address: Option<IpAddr>,
        failures_max: u32,
        now: Instant,
    ) -> Result<Attempt, Problem> {
        let address = address.map(network);
        let name = user::key(&username.chars().take(NAME_CHARACTERS_MAX).collect::<String>());
        let mut keys = vec![Key { name: Some(name), address }];
        // Who is nowhere cannot be told from all others who are.
        keys.extend(address.map(|_| Key { name: None, address }));
        let limits = [failures_max, failures_max.saturating_mul(ADDRESS_TIMES)];
        let mut failures = self.lock();
        for (key, limit) in keys.iter().zip(limits) {
            let known = failures.get(key).filter(|known| now - known.last < FORGET_AFTER);
            if let Some(wait) = known.and_then(|known| known.wait(limit, now)) {
                return Err(Problem::Throttled(wait));
            }
        }
        for key in &keys {
            self.make_room(&mut failures, key, now);
            let failures = failures.entry(key.clone()).or_insert(Failures { count: 0, last: now });
            if now - failures.last >= FORGET_AFTER {
                failures.count = 0;
            }
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
        Ok(Attempt(keys))
    }

    /// Forgets the failures for that name; of the address's, this one.
    pub(crate) fn succeeded(&self, Attempt(keys): Attempt) {
        let mut failures = self.lock();
        for key in keys {
            if key.name.is_some() {
                failures.remove(&key);
            } else if let Some(of_address) = failures.get_mut(&key) {
                of_address.count = of_address.count.saturating_sub(1);
            }
        }
    }

    /// Keeps the map within its limit: first what is old enough to be forgotten goes, then the oldest.
    fn make_room(&self, failures: &mut HashMap<Key, Failures>, key: &Key, now: Instant) {
        if failures.len() < self.keys_max || failures.contains_key(key) {
            return;
        }
        failures.retain(|_, known| known.count > 0 && now - known.last < FORGET_AFTER);
        if failures.len() >= self.keys_max {
            let oldest = failures.iter().min_by_key(|(_, known)| known.last);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                failures.remove(&key);
                self.counters.failures_displaced.one_more();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More of a name is not remembered.
const NAME_CHARACTERS_MAX: usize = 150;

impl Failures {
    /// Returns how long to wait still: after as many failures as are borne a second, and with each
    /// more twice as long.
    fn wait(&self, limit: u32, now: Instant) -> Option<Duration> {
        let more = self.count.checked_sub(limit)?;
        let wait = Duration::from_secs(1 << more.min(16)).min(WAIT_MAX);
        wait.checked_sub(now - self.last).filter(|left| !left.is_zero())
    }
}

/// Returns what stands for whoever has the address: of IPv6 the first half, since the other is
/// chosen by whoever lives there.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
