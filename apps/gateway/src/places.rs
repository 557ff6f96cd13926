//! How many connections there are, in all and of each address, and how many there may be.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places for connections.
#[derive(Debug)]
pub struct Places {
    most: usize,
    most_of_address: Option<usize>,
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
        let (taken, by_address) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Places { most, most_of_address, taken, by_address })
    }

    /// Takes a place for a connection. Whose it is may be said later.
    ///
    /// # Errors
    ///
    /// If there is none left.
    pub fn take(self: &Arc<Self>) -> Result<Permit, Full> {
        // Dropping it gives back what was taken, so it is made before anything is refused.
        let permit = Permit { places: Arc::clone(self), address: None };
        if self.taken.fetch_add(1, Relaxed) >= self.most { Err(Full::All) } else { Ok(permit) }
    }

    /// Returns how many places are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Returns how many places there are.
    pub fn most(&self) -> usize {
        self.most
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
        let address = address.to_canonical();
        let Some(most) = self.places.most_of_address else { return Ok(()) };
        if self.address == Some(address) {
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
