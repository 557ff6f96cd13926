//! Equal lists of allowed rooms, kept once.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hashbrown::HashTable;

use crate::permission::{List, PermissionError, Permissions};

/// Keeps each list of allowed rooms once, however many connections hold it.
///
/// A list that no connection holds any longer gives its memory back at once; the few bytes by which
/// the pool would have found it follow as others are interned. Threads may share a pool.
#[derive(Debug, Default)]
pub struct PermissionsPool {
    hasher: RandomState,
    lists: Mutex<Lists>,
}

impl PermissionsPool {
    /// Makes an empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a JSON list of allowed rooms; returns the one that is there already if it is equal.
    ///
    /// # Errors
    ///
    /// As for [`Permissions::parse`].
    pub fn intern(&self, allowed_rooms: &str) -> Result<Arc<Permissions>, PermissionError> {
        let list = List::parse(allowed_rooms)?;
        let hash = self.hasher.hash_one(&list.json);
        if let Some(known) = self.lists().find(hash, &list.json) {
            return Ok(known);
        }
        // A long list takes its time to index, so others are not kept waiting meanwhile.
        let permissions = Arc::new(Permissions::of(list)?);
        let mut lists = self.lists();
        if let Some(known) = lists.find(hash, permissions.as_json()) {
            return Ok(known);
        }
        lists.forget_some();
        lists.insert(hash, &permissions);
        Ok(permissions)
    }

    /// Returns how many lists the pool knows, some of which it may be about to forget.
    pub fn len(&self) -> usize {
        self.lists().entries.len()
    }

    /// Returns whether the pool knows no list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        // Nothing in here panics half-way through a change.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Lists {
    /// Each list with its hash, in no order.
    entries: Vec<(u64, Weak<Permissions>)>,
    /// Where in `entries` the list with a hash stands.
    places: HashTable<usize>,
    /// The entry to be looked at next by [`Self::forget_some`].
    next: usize,
}

impl Lists {
    fn find(&self, hash: u64, json: &str) -> Option<Arc<Permissions>> {
        self.places.iter_hash(hash).find_map(|&place| {
            let (entry_hash, list) = &self.entries[place];
            let list = if *entry_hash == hash { list.upgrade()? } else { return None };
            (list.as_json() == json).then_some(list)
        })
    }

    fn insert(&mut self, hash: u64, permissions: &Arc<Permissions>) {
        let place = self.entries.len();
        self.entries.push((hash, Arc::downgrade(permissions)));
        self.places.insert_unique(hash, place, |&place| self.entries[place].0);
    }

    /// Looks at two lists and forgets them if nobody holds them: two for each one that is added,
    /// so the forgotten never outnumber those that were held at one time.
    fn forget_some(&mut self) {
        for _ in 0..2 {
            self.next = if self.next < self.entries.len() { self.next } else { 0 };
            match self.entries.get(self.next) {
                Some((_, list)) if list.strong_count() == 0 => self.forget(self.next),
                _ => self.next += 1,
            }
        }
    }

    fn forget(&mut self, place: usize) {
        let (hash, _) = self.entries.swap_remove(place);
        let entry = self.places.find_entry(hash, |&other| other == place);
        entry.expect("each list has its place").remove();
        if let Some(&(hash, _)) = self.entries.get(place) {
            let last = self.entries.len();
            let moved = self.places.find_mut(hash, |&other| other == last);
            *moved.expect("each list has its place") = place;
        }
        if self.entries.capacity() > 4 * self.entries.len().max(16) {
            self.entries.shrink_to(2 * self.entries.len());
            self.places.shrink_to(2 * self.entries.len(), |&place| self.entries[place].0);
        }
    }
}
