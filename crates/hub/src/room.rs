//! What may be subscribed to and published to.

use std::fmt;
use std::sync::Arc;

use crate::canonical::{Fault, canonical};
use crate::members::{ANY, covers, members};

/// A room: a set of keys, each with a JSON value.
///
/// Two rooms are equal when they mean the same: the order of keys does not count, nor how
/// characters are escaped or a float is spelt, but `1`, `"1"`, `1.0` and `true` are four values. A
/// clone shares the text.
///
/// ```
/// # use campanile_hub::Room;
/// let room = Room::parse(r#"{"zoo": 1, "animal": "penguin"}"#)?;
/// assert_eq!(room.as_str(), r#"{"animal":"penguin","zoo":1}"#);
/// assert_ne!(room, Room::parse(r#"{"zoo": "1", "animal": "penguin"}"#)?);
/// # Ok::<(), campanile_hub::RoomError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Room(Arc<str>);

impl Room {
    /// How long the JSON of a room may be, as given and in its canonical spelling.
    pub const BYTES_MAX: usize = 16_384;

    /// How deep objects and lists may stand in each other; the room itself is the first.
    pub const DEPTH_MAX: usize = 64;

    /// Reads a room from JSON.
    ///
    /// Integers are exact at any length, and of equal keys the last counts.
    ///
    /// # Errors
    ///
    /// Says what `json` is instead of a room.
    pub fn parse(json: &str) -> Result<Self, RoomError> {
        if json.len() > Self::BYTES_MAX {
            return Err(RoomError::TooLong);
        }
        let text = canonical(json, Self::DEPTH_MAX)?;
        if !text.starts_with('{') {
            return Err(RoomError::NotAnObject);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(RoomError::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// Returns the room's canonical JSON: keys sorted, no spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the value of some key is `*`, so that the room could be meant as a pattern.
    pub fn has_star(&self) -> bool {
        self.members().any(|(_, value)| value == ANY)
    }

    /// Returns its keys, sorted, each with its value: both in canonical JSON.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        members(&self.0)
    }

    /// Returns whether this room, taken for a pattern, covers `room`: both have the same keys, and each
    /// value here is `*` or equal.
    pub fn covers(&self, room: &Room) -> bool {
        covers(&self.0, &room.0)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a text is instead of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomError {
    /// Not JSON. `NaN`, `Infinity` and numbers as large as `1e400` are not JSON.
    NotJson,
    /// JSON, but no object.
    NotAnObject,
    /// Deeper than [`Room::DEPTH_MAX`].
    TooDeep,
    /// Longer than [`Room::BYTES_MAX`].
    TooLong,
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("a room is not JSON"),
            Self::NotAnObject => f.write_str("a room is JSON, but no object"),
            Self::TooDeep => write!(f, "a room is more than {} levels deep", Room::DEPTH_MAX),
            Self::TooLong => write!(f, "a room is longer than {} bytes", Room::BYTES_MAX),
        }
    }
}

impl std::error::Error for RoomError {}

impl From<Fault> for RoomError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotJson => Self::NotJson,
            Fault::TooDeep => Self::TooDeep,
        }
    }
}
