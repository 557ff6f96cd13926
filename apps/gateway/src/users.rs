//! Who is connected here, by the backend's word, and by how many connections.

#[cfg(test)]
mod tests;

use crate::backend::User;
use campanile_manager::ConnectionKey;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many wishes are remembered for those who are on their way in. Of one that is forgotten it is
/// assumed that it was meant for them.
const WISHES_MAX: usize = 1024;

/// The users of this node, and their connections. Touched only when a connection opens or closes, and
/// when somebody asks.
#[derive(Debug, Default)]
pub struct Users {
    most: Option<usize>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Only those that have a place.
    present: BTreeMap<User, Present>,
    /// Whom the last wishes were for; none is for everybody.
    wishes: VecDeque<Option<User>>,
    /// How many wishes were forgotten.
    forgotten: u64,
}

#[derive(Debug, Default)]
struct Present {
    places: usize,
    /// Those that are open; the others are on their way in.
    keys: Vec<ConnectionKey>,
}

/// A place among the connections of a user, given back when dropped.
#[derive(Debug)]
pub struct Place {
    users: Arc<Users>,
    user: User,
    key: Option<ConnectionKey>,
}

/// The user has `connections_per_user_max` connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A moment among the wishes: what the backend was asked before it may be older than those that came
/// after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(u64);

impl Users {
    /// Makes room for so many connections of each user; none for any number.
    pub fn new(most: Option<usize>) -> Arc<Users> {
        Arc::new(Users { most, state: Mutex::default() })
    }

    /// Takes a place for a connection that is on its way in.
    ///
    /// # Errors
    ///
    /// If the user has as many as it may have.
    pub fn take(self: &Arc<Self>, user: &User) -> Result<Place, Full> {
        let mut state = self.lock();
        let places = state.present.get(user).map_or(0, |present| present.places);
        if self.most.is_some_and(|most| places >= most) {
            return Err(Full);
        }
        state.present.entry(user.clone()).or_default().places += 1;
        Ok(Place { users: Arc::clone(self), user: user.clone(), key: None })
    }

    /// Returns how many users have a connection here.
    pub fn len(&self) -> usize {
        self.lock().present.len()
    }

    /// Returns how many wishes were forgotten for newer ones.
    pub fn wishes_forgotten(&self) -> u64 {
        self.lock().forgotten
    }

    /// Returns whether nobody has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the open connections of a user, in no order.
    pub fn keys_of(&self, user: &str) -> Vec<ConnectionKey> {
        self.lock().present.get(user).map_or_else(Vec::new, |present| present.keys.clone())
    }

    /// Returns the users that come after one of this name, in the order of their names, with how many
    /// connections each has: at most `most` of them.
    pub fn list(&self, after: &str, most: usize) -> Vec<(User, usize)> {
        let state = self.lock();
        let list = state.present.range::<str, _>((Excluded(after), Unbounded)).take(most);
        list.map(|(user, present)| (user.clone(), present.places)).collect()
    }

    /// Returns this moment. Take it before the backend is asked who somebody is.
    pub fn now(&self) -> Moment {
        self.lock().now()
    }

    /// Remembers a wish that concerns a user, or everybody, and returns the user's open connections.
    /// Those that are on their way in find it by [`is_meant`](Self::is_meant).
    pub fn wish(&self, user: Option<&str>) -> Vec<ConnectionKey> {
        let mut state = self.lock();
        let present = user.and_then(|user| state.present.get_key_value(user));
        let keys = present.map_or_else(Vec::new, |(_, present)| present.keys.clone());
        // Who is not here yet has no entry; the name is needed all the same.
        let wish = match (present, user) {
            (Some((user, _)), _) => Some(user.clone()),
            (None, Some(user)) => match User::new(user) {
                Some(user) => Some(user),
                None => return keys,
            },
            (None, None) => None,
        };
        state.wishes.push_back(wish);
        if state.wishes.len() > WISHES_MAX {
            state.wishes.pop_front();
            state.forgotten += 1;
        }
        keys
    }

    /// Returns whether a wish since that moment was for this user, or for everybody.
    pub fn is_meant(&self, since: Moment, user: Option<&User>) -> bool {
        let state = self.lock();
        let Some(known) = since.0.checked_sub(state.forgotten) else { return true };
        let since = state.wishes.iter().skip(usize::try_from(known).unwrap_or(usize::MAX));
        since.into_iter().any(|wish| wish.is_none() || wish.as_ref() == user)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn now(&self) -> Moment {
        Moment(self.forgotten + self.wishes.len() as u64)
    }
}

impl Place {
    /// Notes that the connection is open, and which it is.
    pub fn enter(&mut self, key: ConnectionKey) {
        self.key = Some(key);
        if let Some(present) = self.users.lock().present.get_mut(&self.user) {
            if present.keys.is_empty() {
                // Most have one.
                present.keys.reserve_exact(1);
            }
            present.keys.push(key);
        }
    }

    /// Returns whose place it is.
    pub fn user(&self) -> &User {
        &self.user
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.users.lock();
        let Some(present) = state.present.get_mut(&self.user) else { return };
        present.places -= 1;
        if let Some(at) = present.keys.iter().rposition(|key| Some(*key) == self.key) {
            present.keys.swap_remove(at);
        }
        if present.places == 0 {
            state.present.remove(&self.user);
        } else if present.keys.capacity() > 4 * present.keys.len().max(1) {
            let keys = 2 * present.keys.len();
            present.keys.shrink_to(keys);
        }
    }
}
