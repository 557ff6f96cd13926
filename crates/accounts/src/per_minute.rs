//! How often something may be done from one address.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::throttle::network;
use crate::{Client, Problem};

const MINUTE: Duration = Duration::from_mins(1);

/// Lets each address do something so many times a minute; of IPv6, half an address counts, since
/// the other half is chosen by whoever lives there. Who has no address shares one with all such.
#[derive(Debug)]
pub struct PerMinute {
    times_max: u32,
    remembered_max: usize,
    recent: Mutex<HashMap<Option<IpAddr>, Recent>>,
}

/// What an address has done in the minute that began then.
#[derive(Clone, Copy, Debug)]
struct Recent {
    times: u32,
    since: Instant,
}

impl PerMinute {
    /// Remembers that many addresses at most; the one whose minute began first gives way.
    pub fn new(times_max: u32, remembered_max: usize) -> PerMinute {
        let remembered_max = remembered_max.max(1);
        PerMinute { times_max, remembered_max, recent: Mutex::default() }
    }

    /// Counts one time more, or says how long to wait.
    ///
    /// # Errors
    ///
    /// [`Problem::Throttled`] if there were enough from there in this minute.
    pub fn once_more(&self, client: &Client) -> Result<(), Problem> {
        self.once_more_at(client.address, Instant::now())
    }

    fn once_more_at(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Problem> {
        let address = address.map(network);
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= self.remembered_max && !all.contains_key(&address) {
            make_room(&mut all, self.remembered_max, now);
        }
        let begun = Recent { times: 0, since: now };
        let recent = all.entry(address).or_insert(begun);
        if now - recent.since >= MINUTE {
            *recent = begun;
        }
        if recent.times >= self.times_max {
            return Err(Problem::Throttled(MINUTE - (now - recent.since)));
        }
        recent.times += 1;
        Ok(())
    }
}

/// Forgets whose minute is over, and if that is nobody's, the oldest.
fn make_room(all: &mut HashMap<Option<IpAddr>, Recent>, remembered_max: usize, now: Instant) {
    all.retain(|_, recent| now - recent.since < MINUTE);
    if all.len() >= remembered_max
        && let Some(oldest) = all.iter().min_by_key(|(_, recent)| recent.since)
    {
        let oldest = *oldest.0;
        all.remove(&oldest);
    }
}
