//! The rooms that somebody is subscribed to.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::members::{covers, hash_keys, same_keys};
use crate::room::Room;
use crate::slots::Slots;
use crate::subscription::Subscription;

/// Finds rooms by their text, and by their keys: the second is what patterns need.
pub(crate) struct Directory {
    rooms: Slots<OpenRoom>,
    by_text: HashTable<ByText>,
    key_sets: Slots<KeySet>,
    by_keys: HashTable<u32>,
    hasher: RandomState,
}

/// A room with its subscriptions.
pub(crate) struct OpenRoom {
    room: Room,
    pub(crate) subscriptions: Vec<Subscription>,
    /// The number of the publication that came last, so that none comes twice.
    pub(crate) last_publication: u64,
    key_set: u32,
    /// Which of the rooms of its key set it is.
    position: u32,
}

/// A room's number, with the hash of its text: without that, a map that grows would have to read
/// all rooms again.
#[derive(Debug)]
struct ByText {
    hash: u32,
    number: u32,
}

/// Makes the hash that the map asks for, which looks at the highest bits and at the lowest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// The numbers of all rooms with the same keys. There is at least one.
struct KeySet(Vec<u32>);

impl OpenRoom {
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            rooms: Slots::new(),
            by_text: HashTable::new(),
            key_sets: Slots::new(),
            by_keys: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Returns the number of rooms.
    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Returns the number of a room that somebody is subscribed to.
    pub(crate) fn find(&self, room: &Room) -> Option<u32> {
        let hash = self.hash_text(room);
        let same = |found: &ByText| found.hash == hash && self.rooms[found.number].room == *room;
        self.by_text.find(spread(hash), same).map(|found| found.number)
    }

    /// Returns all rooms, by their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = &OpenRoom> {
        self.rooms.iter()
    }

    pub(crate) fn room_mut(&mut self, number: u32) -> &mut OpenRoom {
        &mut self.rooms[number]
    }

    pub(crate) fn room(&self, number: u32) -> &OpenRoom {
        &self.rooms[number]
    }

    /// Returns how many rooms have the same keys as `pattern`.
    pub(crate) fn rooms_with_keys_of(&self, pattern: &Room) -> usize {
        self.find_key_set(pattern).map_or(0, |key_set| self.key_sets[key_set].0.len())
    }

    /// Calls `visit` with each room that `pattern` covers, after looking at all with the same keys.
    pub(crate) fn visit_covered(&mut self, pattern: &Room, mut visit: impl FnMut(&mut OpenRoom)) {
        let Some(key_set) = self.find_key_set(pattern) else { return };
        for &number in &self.key_sets[key_set].0 {
            let open = &mut self.rooms[number];
            if covers(pattern.as_str(), open.room.as_str()) {
                visit(open);
            }
        }
    }

    /// Returns the numbers of the rooms that `pattern` covers, after looking at all with the same
    /// keys.
    pub(crate) fn covered<'a>(&'a self, pattern: &'a Room) -> impl Iterator<Item = u32> + 'a {
        let key_set = self.find_key_set(pattern);
        let numbers = key_set.map_or(&[][..], |key_set| &self.key_sets[key_set].0);
        let is_covered = |number: u32| covers(pattern.as_str(), self.rooms[number].room.as_str());
        numbers.iter().copied().filter(move |&number| is_covered(number))
    }

    /// Adds a room that is not there yet; returns its number.
    pub(crate) fn open(&mut self, room: Room) -> u32 {
        let hash = self.hash_text(&room);
        let key_set = self.find_key_set(&room);
        let open = OpenRoom {
            room,
            subscriptions: Vec::new(),
            last_publication: 0,
            key_set: 0,
            position: 0,
        };
        let number = self.rooms.insert(open);
        let by_text = ByText { hash, number };
        self.by_text.insert_unique(spread(hash), by_text, |found| spread(found.hash));
        match key_set {
            Some(key_set) => self.join_key_set(number, key_set),
            None => self.found_key_set(number),
        }
        number
    }

    /// Removes a room.
    pub(crate) fn close(&mut self, number: u32) {
        self.leave_key_set(number);
        let hash = self.hash_text(&self.rooms[number].room);
        let entry = self.by_text.find_entry(spread(hash), |found| found.number == number);
        entry.expect("each room is known by its text").remove();
        self.rooms.remove(number);
        if self.by_text.capacity() > 8 * self.rooms.len().max(16) {
            self.by_text.shrink_to(2 * self.rooms.len(), |found| spread(found.hash));
        }
    }

    fn hash_text(&self, room: &Room) -> u32 {
        self.hasher.hash_one(room) as u32
    }

    fn find_key_set(&self, room: &Room) -> Option<u32> {
        let hash = hash_keys(room.as_str(), &self.hasher);
        let same = |&key_set: &u32| {
            let example = self.key_sets[key_set].0[0];
            same_keys(self.rooms[example].room.as_str(), room.as_str())
        };
        self.by_keys.find(hash, same).copied()
    }

    fn join_key_set(&mut self, number: u32, key_set: u32) {
        let rooms = &mut self.key_sets[key_set].0;
        let open = &mut self.rooms[number];
        (open.key_set, open.position) = (key_set, rooms.len() as u32);
        rooms.push(number);
    }

    fn found_key_set(&mut self, number: u32) {
        let hash = hash_keys(self.rooms[number].room.as_str(), &self.hasher);
        let key_set = self.key_sets.insert(KeySet(vec![number]));
        let open = &mut self.rooms[number];
        (open.key_set, open.position) = (key_set, 0);
        self.by_keys.insert_unique(hash, key_set, |&key_set| {
            let example = self.key_sets[key_set].0[0];
            hash_keys(self.rooms[example].room.as_str(), &self.hasher)
        });
    }

    fn leave_key_set(&mut self, number: u32) {
        let OpenRoom { key_set, position, .. } = self.rooms[number];
        let rooms = &mut self.key_sets[key_set].0;
        if let [_] = rooms[..] {
            let hash = hash_keys(self.rooms[number].room.as_str(), &self.hasher);
            let entry = self.by_keys.find_entry(hash, |&other| other == key_set);
            entry.expect("each key set is known by its keys").remove();
            self.key_sets.remove(key_set);
            return;
        }
        rooms.swap_remove(position as usize);
        if let Some(&moved) = rooms.get(position as usize) {
            self.rooms[moved].position = position;
        }
        if rooms.capacity() > 4 * rooms.len().max(4) {
            rooms.shrink_to(2 * rooms.len());
        }
    }
}
