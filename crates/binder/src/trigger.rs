//! What is told, and to whom.

use crate::{Room, json};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};
use serde_json::Value;

/// What is told to everybody in some rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What is told.
    pub data: Value,
    /// Whom it is told: who is in any of these rooms.
    pub rooms: Vec<Room>,
    /// The name by which a gateway knows that it was told this before; of 1 to 255 bytes.
    pub id: Option<String>,
}

impl Trigger {
    /// Makes a trigger without a name.
    pub fn new(data: impl Into<Value>, rooms: impl IntoIterator<Item = Room>) -> Trigger {
        Trigger { data: data.into(), rooms: rooms.into_iter().collect(), id: None }
    }

    /// Makes what tells that something of this kind was saved: there is nothing in it.
    pub fn auto_update(name: &str) -> Trigger {
        Trigger::new("", [Room::auto_updates(name)])
    }

    /// Says whether two of these are as good as one: it tells people to look again, and nothing else.
    pub(crate) fn says_nothing(&self) -> bool {
        self.id.is_none() && self.data == ""
    }

    /// Returns its JSON, in the very bytes in which django-binder sends it, and the name, if there
    /// is one, behind.
    ///
    /// ```
    /// use campanile_binder::{Trigger, room};
    ///
    /// let trigger = Trigger::new("feeding time ☃", [room! { "zoo": 1 }]);
    /// assert_eq!(trigger.to_json(), r#"{"data": "feeding time \u2603", "rooms": [{"zoo": 1}]}"#);
    /// ```
    pub fn to_json(&self) -> String {
        json::to_string(self).expect("a value and rooms are JSON")
    }

    /// The same without the name, which travels elsewhere.
    pub(crate) fn to_json_without_id(&self) -> String {
        json::to_string(&Body { data: &self.data, rooms: &self.rooms })
            .expect("a value and rooms are JSON")
    }
}

#[derive(Serialize)]
struct Body<'a> {
    data: &'a Value,
    rooms: &'a [Room],
}

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Trigger", 3)?;
        fields.serialize_field("data", &self.data)?;
        fields.serialize_field("rooms", &self.rooms)?;
        if let Some(id) = &self.id {
            fields.serialize_field("id", id)?;
        }
        fields.end()
    }
}
