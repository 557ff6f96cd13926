//! How many connections there are, in all and of each address, and how many there may be.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places for connections.
#[derive(Debug)]
pub struct Places {
    most: AtomicUsize,
    /// `usize::MAX` where there is no limit.
    most_of_address: AtomicUsize,
    taken: AtomicUsize,
    /// Only those addresses that have a connection; not kept where there is no limit.
    by_address: Mutex<HashMap<IpAddr, NonZeroUsize>>,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// There are `connections_max`.
    All,
    /// The address has `connections_per_address_max`.
    Address,
}

impl Places {
    /// Makes places for so many connections, and so many of one address.
    pub fn new(most: usize, most_of_address: Option<usize>) -> Arc<Places> {
        let places = Places {
            most: AtomicUsize::new(most),
            most_of_address: AtomicUsize::new(most_of_address.unwrap_or(usize::MAX)),
            taken: AtomicUsize::new(0),
            by_address: Mutex::default(),
        };
        Arc::new(places)
    }

    /// Sets other limits. Connections that there are already stay, and those of an address that
    /// nobody counted until now are not counted.
    pub fn set(&self, most: usize, most_of_address: Option<usize>) {
        self.most.store(most, Relaxed);
        self.most_of_address.store(most_of_address.unwrap_or(usize::MAX), Relaxed);
    }

    /// Takes a place for a connection. Whose it is may be said later.
    ///
    /// # Errors
    ///
    /// If there is none left.
    pub fn take(self: &Arc<Self>) -> Result<Permit, Full> {
        // Dropping it gives back what was taken, so it is made before anything is refused.
        let permit = Permit { places: Arc::clone(self), address: None };
        if self.taken.fetch_add(1, Relaxed) >= self.most() { Err(Full::All) } else { Ok(permit) }
    }

    /// Returns how many places are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Returns how many places there are.
    pub fn most(&self) -> usize {
        self.most.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, NonZeroUsize>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Says whose connection it is; of a proxy's, that may be another's with the next request.
    ///
    /// # Errors
    ///
    /// If that address has as many as it may; nothing changes then.
    pub fn belong_to(&mut self, address: IpAddr) -> Result<(), Full> {
        let address = counted_as(address);
        let most = self.places.most_of_address.load(Relaxed);
        if most == usize::MAX || self.address == Some(address) {
            return Ok(());
        }
        match self.places.lock().entry(address) {
            Entry::Vacant(entry) => drop(entry.insert(NonZeroUsize::MIN)),
            Entry::Occupied(entry) if entry.get().get() >= most => return Err(Full::Address),
            Entry::Occupied(mut entry) => {
                let more = entry.get().saturating_add(1);
                entry.insert(more);
            }
        }
        self.leave_address();
        self.address = Some(address);
        Ok(())
    }

    fn leave_address(&mut self) {
        let Some(address) = self.address.take() else { return };
        let mut by_address = self.places.lock();
        if let Entry::Occupied(mut entry) = by_address.entry(address) {
            match NonZeroUsize::new(entry.get().get() - 1) {
                Some(less) => drop(entry.insert(less)),
                None => drop(entry.remove()),
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Relaxed);
        self.leave_address();
    }
}

/// Returns the address that a client's counts as: with IPv6 one customer has a whole /64 (RFC 6177),
/// and could come from another address each time.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            const NETWORK: u128 = !0 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK))
        }
        address => address,
    }
}
