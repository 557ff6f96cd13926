//! Which rooms opened and closed, for those who have to fetch what is published to them.

use std::collections::HashMap;

use crate::hub::Hub;
use crate::room::Room;

/// The rooms that are open now and were not, and the other way round, since they were asked for
/// last; each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomChanges {
    /// Rooms that got their first subscription.
    pub opened: Vec<Room>,
    /// Rooms whose last subscription ended.
    pub closed: Vec<Room>,
}

/// The rooms that opened or closed: each with whether it was open before.
#[derive(Debug, Default)]
pub(crate) struct Touched(HashMap<Room, bool>);

impl Touched {
    /// Notes that a room opens.
    pub(crate) fn open(&mut self, room: &Room) {
        self.0.entry(room.clone()).or_insert(false);
    }

    /// Notes that a room closes.
    pub(crate) fn close(&mut self, room: &Room) {
        self.0.entry(room.clone()).or_insert(true);
    }
}

impl Hub {
    /// Has the hub note from now on which rooms open and close.
    pub fn watch_rooms(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// Returns which rooms have opened and closed since it was asked last, if any. One that
    /// opened and closed is among the closed ones, and one that closed and opened is in neither list.
    /// Ask often: what is noted grows until then.
    pub fn take_room_changes(&mut self) -> Option<RoomChanges> {
        let touched = self.touched.as_mut().filter(|touched| !touched.0.is_empty())?;
        let mut changes = RoomChanges::default();
        for (room, was_open) in std::mem::take(&mut touched.0) {
            match (was_open, self.directory.find(&room).is_some()) {
                (false, true) => changes.opened.push(room),
                (_, false) => changes.closed.push(room),
                (true, true) => {}
            }
        }
        changes.opened.sort_unstable();
        changes.closed.sort_unstable();
        (changes != RoomChanges::default()).then_some(changes)
    }
}
