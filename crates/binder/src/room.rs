//! Rooms: what is published to, and who may listen.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A room: keys with their values.
///
/// Two rooms are the same if they have the same keys with the same values; `1` is not `"1"`.
///
/// ```
/// use campanile_binder::{Room, room};
///
/// let eindhoven = room! { "location": "Eindhoven" };
/// assert_eq!(eindhoven, Room::new().with("location", "Eindhoven"));
/// assert_eq!(eindhoven.to_string(), r#"{"location": "Eindhoven"}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Room(Map<String, Value>);

impl Room {
    /// The value that, in what a user is allowed, stands for every value of its key.
    ///
    /// In what is triggered it is a value like others: it reaches who subscribed to just that room.
    ///
    /// ```
    /// use campanile_binder::{Room, room};
    ///
    /// let every_branch = room! { "location": Room::ANY };
    /// ```
    pub const ANY: &str = "*";

    /// Makes a room without keys.
    pub fn new() -> Room {
        Room::default()
    }

    /// Adds a key with its value, in place of the one it had.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Room {
        self.0.insert(key.into(), value.into());
        self
    }

    /// Adds a key, which stands for all its values.
    #[must_use]
    pub fn any(self, key: impl Into<String>) -> Room {
        self.with(key, Room::ANY)
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Returns the room of those who want to know when anything of a kind was saved.
    pub fn auto_updates(name: &str) -> Room {
        Room::new().with("auto-updates", name)
    }

    /// Returns the room of those who want to know which row of a kind was saved.
    pub fn detailed_auto_updates(name: &str) -> Room {
        Room::new().with("detailed-auto-updates", name)
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = crate::json::to_string(&self.0).map_err(|_| std::fmt::Error)?;
        formatter.write_str(&json)
    }
}

/// Makes a [`Room`]: `room! { "zoo": 1, "animal": "penguin" }`.
#[macro_export]
macro_rules! room {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::Room::new()$(.with($key, $value))*
    };
}
