//! What a connection may subscribe to.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::canonical::{Fault, Reader};
use crate::members::{covers, hash_as, hash_keys, same_keys, same_shape};
use crate::room::{Room, RoomError};

/// The rooms that the backend allows a connection, the `allowed_rooms` of its bootstrap.
///
/// In an allowed room a value `*` stands for every value of its key. A check takes as long for
/// 100,000 allowed rooms as for ten.
///
/// ```
/// # use campanile_hub::{Permissions, Room};
/// let permissions = Permissions::parse(r#"[{"zoo": 1, "animal": "*"}]"#)?;
/// assert!(permissions.allows(&Room::parse(r#"{"animal": "penguin", "zoo": 1}"#)?));
/// assert!(permissions.allows(&Room::parse(r#"{"animal": "*", "zoo": 1}"#)?));
/// assert!(!permissions.allows(&Room::parse(r#"{"animal": "penguin", "zoo": "1"}"#)?));
/// assert!(!permissions.allows(&Room::parse(r#"{"zoo": 1}"#)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Permissions {
    list: List,
    /// `None` for a short list, which is compared one by one.
    index: Option<Box<Index>>,
}

impl Permissions {
    /// How long the JSON of a list may be.
    pub const BYTES_MAX: usize = 64 << 20;

    /// How many sets of starred keys the allowed rooms with the same keys may have: each of them
    /// costs a check one look-up. Eight keys never have more.
    pub const STAR_SETS_MAX: usize = 256;

    /// Reads a JSON list of rooms; rooms that are equal count once.
    ///
    /// # Errors
    ///
    /// Says why this is no list of rooms. One bad room spoils the list: nobody gets in by a list
    /// that was only half understood.
    pub fn parse(allowed_rooms: &str) -> Result<Self, PermissionError> {
        Self::of(List::parse(allowed_rooms)?)
    }

    pub(crate) fn of(list: List) -> Result<Self, PermissionError> {
        // Up to here comparing is quicker than hashing.
        let short = list.len() <= 4;
        let index = if short { None } else { Some(Box::new(Index::of(&list)?)) };
        Ok(Self { list, index })
    }

    /// Returns whether some allowed room covers `room`: it has the same keys, and each of its
    /// values is `*` or equal.
    ///
    /// A `*` in `room` is a plain value, allowed where a `*` is. Two allowed rooms do not add up.
    pub fn allows(&self, room: &Room) -> bool {
        match &self.index {
            None => self.rooms().any(|allowed| covers(allowed, room.as_str())),
            Some(index) => index.allows(&self.list, room.as_str()),
        }
    }

    /// Returns the list as one JSON array of canonical rooms, as a client is greeted with it.
    pub fn as_json(&self) -> &str {
        &self.list.json
    }

    /// Returns the allowed rooms in the order given, each canonical and once.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        (0..self.list.len()).map(|number| self.list.room(number as u32))
    }

    /// Returns the number of allowed rooms.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

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
        Ok(Self { json: json.into(), ends: ends.into() })
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn room(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize) + 1;
        &self.json[start..self.ends[number] as usize]
    }
}

fn read_room(reader: &mut Reader<'_>) -> Result<(), RoomError> {
    let (start, read_before) = (reader.canonical.len(), reader.bytes_read());
    reader.value(Room::DEPTH_MAX)?;
    if !reader.canonical[start..].starts_with('{') {
        return Err(RoomError::NotAnObject);
    }
    if reader.bytes_read() - read_before > Room::BYTES_MAX {
        return Err(RoomError::TooLong);
    }
    Ok(())
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

/// Finds the allowed room that covers another.
///
/// Rooms with the same keys, and a `*` at the same ones of them, have the same *shape*. For each
/// shape with the keys asked for, at most one allowed room can cover the room that was asked: the
/// one which is that room, but for the stars. It is found by its hash. The index only proposes;
/// whether the room is covered, [`covers`] decides.
struct Index {
    hasher: RandomState,
    /// All allowed rooms, by [`hash_as`] of their own shape.
    rooms: HashTable<u32>,
    /// One allowed room of each shape, by [`hash_keys`].
    shapes: HashTable<u32>,
}

impl Index {
    fn of(list: &List) -> Result<Self, PermissionError> {
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

    fn allows(&self, list: &List, room: &str) -> bool {
        self.shapes.iter_hash(hash_keys(room, &self.hasher)).any(|&example| {
            let hash = hash_as(list.room(example), room, &self.hasher);
            self.rooms.find(hash, |&number| covers(list.room(number), room)).is_some()
        })
    }
}

/// Why a text is no list of allowed rooms. The backend is at fault, and its client gets no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionError {
    /// Not a JSON list, or no JSON between or after its rooms.
    NotAList,
    /// A member of the list is no room.
    Room {
        /// Which, the first being 0.
        index: usize,
        /// What it is instead.
        error: RoomError,
    },
    /// Rooms with the same keys have over [`Permissions::STAR_SETS_MAX`] different sets of stars.
    TooManyStarSets {
        /// The room with one too many; the first is 0, and of equal rooms only one counts.
        room: usize,
    },
    /// Longer than [`Permissions::BYTES_MAX`].
    TooLong,
}

impl fmt::Display for PermissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAList => f.write_str("allowed_rooms is no JSON list"),
            Self::Room { index, error } => write!(f, "allowed_rooms[{index}]: {error}"),
            Self::TooManyStarSets { room } => write!(
                f,
                "allowed_rooms: room {room} is one too many with these keys and other ones of them starred"
            ),
            Self::TooLong => {
                write!(f, "allowed_rooms is longer than {} bytes", Permissions::BYTES_MAX)
            }
        }
    }
}

impl std::error::Error for PermissionError {}

impl From<Fault> for PermissionError {
    fn from(_: Fault) -> Self {
        Self::NotAList
    }
}
