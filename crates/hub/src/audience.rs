//! Who would hear a publication, without publishing it: for those who operate a gateway.

use std::collections::BTreeSet;

use crate::directory::OpenRoom;
use crate::hub::{ConnectionId, Hub};
use crate::room::Room;
use crate::terms::Match;

impl Hub {
    /// Returns each room that [`publish`](Self::publish) would reach, with how many of its
    /// subscriptions are of a connection that `counts`; rooms of which none does are left out.
    ///
    /// A pattern that meets too many rooms reaches none, as it does there.
    pub fn audience(
        &self,
        rooms: &[Room],
        matching: Match,
        mut counts: impl FnMut(ConnectionId) -> bool,
    ) -> Vec<(Room, usize)> {
        let mut heard = |open: &OpenRoom| {
            let connections = open.subscriptions.iter().map(|known| known.connection);
            let subscriptions = connections.filter(|&connection| counts(connection)).count();
            (subscriptions > 0).then(|| (open.room().clone(), subscriptions))
        };
        let reached = self.reached(rooms, matching);
        reached.into_iter().filter_map(|number| heard(self.directory.room(number))).collect()
    }

    /// Returns the numbers of the rooms that a publication reaches, each once.
    fn reached(&self, rooms: &[Room], matching: Match) -> BTreeSet<u32> {
        let mut reached = BTreeSet::new();
        let mut pattern_rooms_left = self.limits.pattern_rooms_max;
        for room in rooms {
            if matching == Match::Pattern && room.has_star() {
                let met = self.directory.rooms_with_keys_of(room);
                if let Some(left) = pattern_rooms_left.checked_sub(met) {
                    pattern_rooms_left = left;
                    reached.extend(self.directory.covered(room));
                }
            } else {
                reached.extend(self.directory.find(room));
            }
        }
        reached
    }
}
