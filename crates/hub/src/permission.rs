//! What a connection may subscribe to.

mod index;
mod list;

use std::fmt;

use crate::members::covers;
use crate::room::{Room, RoomError};
use index::Index;
pub(crate) use list::List;

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
    /// How long the JSON of a list may be, as given and in its canonical spelling.
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
