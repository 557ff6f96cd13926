//! The sockets of this process, counted for each user.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// One socket's place. When it is dropped, the socket is gone.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    user: i64,
    room: Option<i64>,
}

/// A user has as many sockets as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub usize);

/// Who has sockets here.
#[derive(Debug)]
pub(super) struct Seats {
    taken: Mutex<Taken>,
    per_user_max: usize,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    users: HashMap<i64, User>,
    rooms: HashMap<i64, usize>,
}

/// A user with sockets here, or who had some lately.
#[derive(Debug)]
struct User {
    sockets: usize,
    /// Whether the others think it is here.
    is_told: bool,
    /// When the last socket has gone, if none is left.
    left: Option<Instant>,
}

impl Seats {
    pub(super) fn new(per_user_max: usize) -> Seats {
        Seats { taken: Mutex::default(), per_user_max, changed: Notify::new() }
    }

    pub(super) fn take(seats: &Arc<Seats>, user: i64, room: Option<i64>) -> Result<Seat, TooMany> {
        let mut taken = seats.lock();
        let nobody = User { sockets: 0, is_told: false, left: None };
        let place = taken.users.entry(user).or_insert(nobody);
        if place.sockets >= seats.per_user_max {
            return Err(TooMany(seats.per_user_max));
        }
        place.sockets += 1;
        place.left = None;
        if !place.is_told {
            seats.changed.notify_one();
        }
        if let Some(room) = room {
            *taken.rooms.entry(room).or_default() += 1;
        }
        drop(taken);
        Ok(Seat { seats: Arc::clone(seats), user, room })
    }

    /// Takes note of those whom an earlier life of this process has left: they may come back.
    pub(super) fn expect(&self, users: Vec<i64>, now: Instant) {
        let mut taken = self.lock();
        for user in users {
            let left = User { sockets: 0, is_told: true, left: Some(now) };
            taken.users.entry(user).or_insert(left).is_told = true;
        }
    }

    /// Waits until somebody has come.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Returns who has come, as far as the others do not know; they are held to know it from now on.
    pub(super) fn arrived(&self) -> Vec<i64> {
        let mut taken = self.lock();
        let come = taken.users.iter_mut().filter(|(_, user)| user.sockets > 0 && !user.is_told);
        come.map(|(number, user)| {
            user.is_told = true;
            *number
        })
        .collect()
    }

    /// Returns who has had no socket for so long; they are held to be gone from now on.
    pub(super) fn departed(&self, grace: Duration, now: Instant) -> Vec<i64> {
        let mut gone = Vec::new();
        self.lock().users.retain(|number, user| {
            let is_over = |left| now.saturating_duration_since(left) >= grace;
            let is_gone = user.sockets == 0 && user.left.is_none_or(is_over);
            if is_gone && user.is_told {
                gone.push(*number);
            }
            !is_gone
        });
        gone
    }

    /// Takes back that others were told of these who have come: they will be.
    pub(super) fn untold(&self, users: &[i64]) {
        let mut taken = self.lock();
        for user in users {
            if let Some(user) = taken.users.get_mut(user) {
                user.is_told = false;
            }
        }
    }

    /// Takes note that the others think nobody here: all who are will be told anew.
    pub(super) fn all_untold(&self) {
        for user in self.lock().users.values_mut().filter(|user| user.sockets > 0) {
            user.is_told = false;
        }
        self.changed.notify_one();
    }

    pub(super) fn rooms(&self) -> usize {
        self.lock().rooms.len()
    }

    pub(super) fn users(&self) -> usize {
        self.lock().users.values().filter(|user| user.sockets > 0).count()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(user) = taken.users.get_mut(&self.user) {
            user.sockets = user.sockets.saturating_sub(1);
            if user.sockets == 0 {
                user.left = Some(Instant::now());
            }
        }
        let Some(room) = self.room else { return };
        if let Some(sockets) = taken.rooms.get_mut(&room) {
            *sockets -= 1;
            if *sockets == 0 {
                taken.rooms.remove(&room);
            }
        }
    }
}

impl fmt::Display for TooMany {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "You have {} sockets open already. Close a page.", self.0)
    }
}

impl std::error::Error for TooMany {}

#[cfg(test)]
mod tests {
    use super::{Seats, TooMany};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    const GRACE: Duration = Duration::from_secs(5);
    const NOBODY: [i64; 0] = [];

    #[test]
    fn a_user_comes_with_the_first_socket_and_goes_a_while_after_the_last() {
        let seats = Arc::new(Seats::new(2));
        let take = || Seats::take(&seats, 7, Some(1));
        let (one, two) = (take().expect("a place"), take().expect("another"));
        assert_eq!(take().expect_err("that was all"), TooMany(2));
        assert_eq!((seats.arrived(), seats.arrived()), (vec![7], NOBODY.to_vec()));
        drop(one);
        let later = || Instant::now() + GRACE;
        assert_eq!(seats.departed(GRACE, later()), NOBODY);
        drop(two);
        assert_eq!((seats.departed(GRACE, Instant::now()), seats.rooms()), (NOBODY.to_vec(), 0));
        assert_eq!(seats.departed(GRACE, later()), [7]);
        assert_eq!(seats.departed(GRACE, later()), NOBODY);
    }

    #[test]
    fn who_comes_back_in_time_was_never_away() {
        let seats = Arc::new(Seats::new(2));
        seats.expect(vec![7, 8], Instant::now());
        let back = Seats::take(&seats, 7, None).expect("a place");
        assert_eq!(seats.arrived(), NOBODY);
        assert_eq!(seats.departed(GRACE, Instant::now() + GRACE), [8]);
        drop(back);
        assert_eq!(seats.departed(GRACE, Instant::now() + GRACE), [7]);
    }

    #[test]
    fn whoever_is_here_is_told_anew_and_nobody_else() {
        let seats = Arc::new(Seats::new(2));
        seats.expect(vec![8], Instant::now());
        let seat = Seats::take(&seats, 7, None).expect("a place");
        assert_eq!(seats.arrived(), [7]);
        seats.all_untold();
        assert_eq!((seats.arrived(), seats.arrived()), (vec![7], NOBODY.to_vec()));
        drop(seat);
    }

    #[test]
    fn what_could_not_be_told_is_told_the_next_time() {
        let seats = Arc::new(Seats::new(2));
        let seat = Seats::take(&seats, 7, None).expect("a place");
        let arrived = seats.arrived();
        seats.untold(&arrived);
        assert_eq!(seats.arrived(), [7]);
        drop(seat);
    }
}
