//! The allowed rooms by their hash.

use std::hash::RandomState;

use hashbrown::HashTable;

use super::list::List;
use super::{PermissionError, Permissions};
use crate::members::{covers, hash_as, hash_keys, same_keys, same_shape};

/// Finds the allowed room that covers another.
///
/// Rooms with the same keys, and a `*` at the same ones of them, have the same *shape*. For each
/// shape with the keys asked for, at most one allowed room can cover the room that was asked: the
/// one which is that room, but for the stars. It is found by its hash. The index only proposes;
/// whether the room is covered, [`covers`] decides.
pub(super) struct Index {
    hasher: RandomState,
    /// All allowed rooms, by [`hash_as`] of their own shape.
    rooms: HashTable<u32>,
    /// One allowed room of each shape, by [`hash_keys`].
    shapes: HashTable<u32>,
}

impl Index {
    pub(super) fn of(list: &List) -> Result<Self, PermissionError> {
        let mut index = Self {
            hasher: RandomState::new(),
            rooms: HashTable::with_capacity(list.len()),
            shapes: HashTable::new(),
        };
        for number in 0..list.len() as u32 {
            index.add_room(list, number);
            index.add_shape(list, number)?;
        }
        Ok(index)
    }

    fn add_room(&mut self, list: &List, number: u32) {
        let hash = |&number: &u32| hash_as(list.room(number), list.room(number), &self.hasher);
        self.rooms.insert_unique(hash(&number), number, hash);
    }

    fn add_shape(&mut self, list: &List, number: u32) -> Result<(), PermissionError> {
        let hash = |&number: &u32| hash_keys(list.room(number), &self.hasher);
        let room = list.room(number);
        let mut star_sets = 0;
        for &example in self.shapes.iter_hash(hash(&number)) {
            if same_shape(list.room(example), room) {
                return Ok(());
            }
            star_sets += usize::from(same_keys(list.room(example), room));
        }
        if star_sets == Permissions::STAR_SETS_MAX {
            return Err(PermissionError::TooManyStarSets { room: number as usize });
        }
        self.shapes.insert_unique(hash(&number), number, hash);
        Ok(())
    }

    pub(super) fn allows(&self, list: &List, room: &str) -> bool {
        self.shapes.iter_hash(hash_keys(room, &self.hasher)).any(|&example| {
            let hash = hash_as(list.room(example), room, &self.hasher);
            self.rooms.find(hash, |&number| covers(list.room(number), room)).is_some()
        })
    }
}
