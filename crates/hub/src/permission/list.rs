//! The allowed rooms as they were given.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::{PermissionError, Permissions};
use crate::canonical::Reader;
use crate::room::{Room, RoomError};

/// A JSON array of canonical rooms, no two equal.
pub(crate) struct List {
    pub(crate) json: Box<str>,
    /// Where each room ends. It begins one byte, a bracket or a comma, after the one before.
    ends: Box<[u32]>,
}

impl List {
    pub(crate) fn parse(allowed_rooms: &str) -> Result<Self, PermissionError> {
        if allowed_rooms.len() > Permissions::BYTES_MAX {
            return Err(PermissionError::TooLong);
        }
        let mut reader = Reader::new(allowed_rooms);
        if !reader.accept(b'[') {
            return Err(PermissionError::NotAList);
        }
        reader.canonical.push('[');
        let (mut ends, mut seen) = (Vec::new(), Seen::default());
        let (mut count, mut last) = (0, reader.accept(b']'));
        while !last {
            let start = reader.canonical.len();
            read_room(&mut reader)
                .map_err(|error| PermissionError::Room { index: count, error })?;
            if seen.insert(&reader.canonical, start) {
                ends.push(reader.canonical.len() as u32);
                reader.canonical.push(',');
            } else {
                reader.canonical.truncate(start);
            }
            count += 1;
            last = reader.accept(b']');
            if !last {
                reader.require(b',').map_err(|_| PermissionError::NotAList)?;
            }
        }
        reader.end().map_err(|_| PermissionError::NotAList)?;
        let mut json = reader.canonical;
        if !ends.is_empty() {
            json.pop();
        }
        json.push(']');
        if json.len() > Permissions::BYTES_MAX {
            return Err(PermissionError::TooLong);
        }
        Ok(Self { json: json.into(), ends: ends.into() })
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn room(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize) + 1;
        &self.json[start..self.ends[number] as usize]
    }
}

fn read_room(reader: &mut Reader<'_>) -> Result<(), RoomError> {
    reader.peek();
    let (start, read_before) = (reader.canonical.len(), reader.bytes_read());
    reader.value(Room::DEPTH_MAX)?;
    if !reader.canonical[start..].starts_with('{') {
        return Err(RoomError::NotAnObject);
    }
    let bytes = (reader.bytes_read() - read_before).max(reader.canonical.len() - start);
    if bytes > Room::BYTES_MAX { Err(RoomError::TooLong) } else { Ok(()) }
}

/// The texts that a list has so far, as ranges of it.
#[derive(Default)]
struct Seen {
    ranges: HashTable<(u32, u32)>,
    hasher: RandomState,
}

impl Seen {
    /// Adds what stands in `list` from `start`; returns whether it is new.
    fn insert(&mut self, list: &str, start: usize) -> bool {
        let text = |&(start, end): &(u32, u32)| &list[start as usize..end as usize];
        let range = (start as u32, list.len() as u32);
        let hash = self.hasher.hash_one(text(&range));
        let new = self.ranges.find(hash, |seen| text(seen) == text(&range)).is_none();
        if new {
            self.ranges.insert_unique(hash, range, |seen| self.hasher.hash_one(text(seen)));
        }
        new
    }
}
