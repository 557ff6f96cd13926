//! What is asked of the loops and put together: for those who operate a gateway.

use crate::backend::User;
use crate::command::Command;
use crate::reply::Speech;
use crate::serve::Shared;
use crate::service::Session;
use crate::trigger::Exclude;
use campanile_hub::{Match, RequestId, Room};
use campanile_manager::{Connection, ConnectionKey, Connections, Page};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;

/// How long a loop is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many connections or rooms a loop looks at in one go: its clients wait meanwhile.
const STRIDE: usize = 4096;

/// A question to a loop, with the way of its answer.
pub type Look = Box<dyn FnOnce(&mut dyn Connections<Session>) + Send>;

/// A loop is too far behind to be asked, or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind;

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a loop is too far behind to answer: try again later")
    }
}

impl std::error::Error for Behind {}

/// A connection, as it was when its loop was asked.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which.
    pub key: ConnectionKey,
    /// Whose, if the backend says.
    pub user: Option<User>,
    /// Where its client is.
    pub address: Option<IpAddr>,
    /// When it was opened.
    pub since: Option<SystemTime>,
    /// What it speaks.
    pub speech: Speech,
    /// How many subscriptions it has.
    pub subscriptions: usize,
    /// Bytes that its client did not read so far.
    pub bytes_waiting: usize,
}

/// Which connections are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those of a client's address.
    pub address: Option<IpAddr>,
    /// Those that come behind this one.
    pub after: Option<ConnectionKey>,
    /// At most so many.
    pub limit: usize,
}

impl Seen {
    fn of(connection: &Connection<'_, Session>) -> Seen {
        let session = connection.session();
        Seen {
            key: connection.key(),
            user: session.user().cloned(),
            address: session.origin().map(|origin| origin.address),
            since: session.origin().map(|origin| origin.since()),
            speech: session.speech(),
            subscriptions: connection.subscription_count(),
            bytes_waiting: connection.bytes_waiting(),
        }
    }
}

impl Shared {
    /// Asks one loop something.
    ///
    /// # Errors
    ///
    /// If it does not answer in time.
    pub async fn ask_loop<T: Send + 'static>(
        &self,
        index: usize,
        question: impl FnOnce(&mut dyn Connections<Session>) -> T + Send + 'static,
    ) -> Result<T, Behind> {
        let (sender, answer) = oneshot::channel();
        let look: Look = Box::new(move |connections| {
            // Whoever asked may have given up.
            let _ = sender.send(question(connections));
        });
        self.handle.command_loop(index, Command::Look(look)).map_err(|_| Behind)?;
        let answered = tokio::time::timeout(PATIENCE, answer).await;
        answered.ok().and_then(Result::ok).ok_or(Behind)
    }

    /// Returns whom a publication would reach on this node: each room with its subscriptions. A loop
    /// that is far behind is left out.
    pub async fn audience(
        &self,
        rooms: Vec<Room>,
        matching: Match,
        exclude: &Exclude,
    ) -> BTreeMap<Room, usize> {
        let (rooms, without) = (Arc::new(rooms), Arc::new(self.excluded(exclude)));
        let mut sum = BTreeMap::new();
        for index in 0..self.handle.loops() {
            let (rooms, without) = (Arc::clone(&rooms), Arc::clone(&without));
            let asked = self.ask_loop(index, move |connections| {
                audience(&rooms, matching, &without, connections)
            });
            for (room, subscriptions) in asked.await.into_iter().flatten() {
                *sum.entry(room).or_default() += subscriptions;
            }
        }
        sum
    }

    /// Returns the connections of this node that a trigger leaves out.
    pub fn excluded(&self, exclude: &Exclude) -> Vec<ConnectionKey> {
        let named = exclude.connection.and_then(|name| self.settings.names.key(name));
        let user = exclude.user.as_deref().map(|user| self.settings.users.keys_of(user));
        named.into_iter().chain(user.into_iter().flatten()).collect()
    }

    /// Returns the connections of these keys that are open.
    ///
    /// # Errors
    ///
    /// If a loop does not answer in time.
    pub async fn connections_of(&self, keys: &[ConnectionKey]) -> Result<Vec<Seen>, Behind> {
        let mut seen = Vec::new();
        for index in 0..self.handle.loops() {
            let ours = keys.iter().filter(|key| usize::from(key.loop_index) == index);
            let ours: Vec<_> = ours.copied().collect();
            for stride in ours.chunks(STRIDE).map(<[_]>::to_vec) {
                let asked = self.ask_loop(index, move |connections| {
                    let mut seen = Vec::new();
                    for key in stride {
                        connections.with(key, &mut |connection| seen.push(Seen::of(connection)));
                    }
                    seen
                });
                seen.append(&mut asked.await?);
            }
        }
        Ok(seen)
    }

    /// Returns a page of the open connections, in the order of their loops and places.
    ///
    /// # Errors
    ///
    /// If a loop does not answer in time.
    pub async fn connections(&self, wanted: &Wanted) -> Result<Vec<Seen>, Behind> {
        let mut seen = Vec::new();
        let (first, mut from) = wanted
            .after
            .map_or((0, 0), |key| (usize::from(key.loop_index), key.slot.saturating_add(1)));
        for index in first..self.handle.loops() {
            let mut next = Some(from);
            while let (Some(slot), true) = (next, seen.len() < wanted.limit) {
                let (address, most) = (wanted.address, wanted.limit - seen.len());
                let asked =
                    self.ask_loop(index, move |connections| walk(slot, address, most, connections));
                let (mut page, goes_on) = asked.await?;
                seen.append(&mut page);
                next = goes_on;
            }
            from = 0;
        }
        Ok(seen)
    }

    /// Returns the rooms behind `after`, in their order, that have all of `having`, each with its
    /// subscriptions: at most `limit`. In `having`, `*` is any value.
    ///
    /// # Errors
    ///
    /// If a loop does not answer in time.
    pub async fn rooms(
        &self,
        after: Option<Room>,
        having: Option<Room>,
        limit: usize,
    ) -> Result<BTreeMap<Room, usize>, Behind> {
        let mut rooms = BTreeMap::new();
        for index in 0..self.handle.loops() {
            for offset in (0..).step_by(STRIDE) {
                let (after, having) = (after.clone(), having.clone());
                let asked = self.ask_loop(index, move |connections| {
                    let page = Page { offset, limit: STRIDE };
                    some_rooms(page, after.as_ref(), having.as_ref(), limit, connections)
                });
                let (some, is_last) = asked.await?;
                for (room, subscriptions) in some {
                    *rooms.entry(room).or_default() += subscriptions;
                }
                while rooms.len() > limit {
                    rooms.pop_last();
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(rooms)
    }

    /// Returns a page of the subscriptions of a room, and how many there are in all.
    ///
    /// # Errors
    ///
    /// If a loop does not answer in time.
    pub async fn subscribers(
        &self,
        room: &Room,
        page: Page,
    ) -> Result<(Vec<(ConnectionKey, RequestId)>, usize), Behind> {
        let (mut found, mut all) = (Vec::new(), 0);
        for index in 0..self.handle.loops() {
            let (offset, limit) = (page.offset.saturating_sub(all), page.limit - found.len());
            let room = room.clone();
            let asked = self.ask_loop(index, move |connections| {
                let mut some = Vec::new();
                let here =
                    connections.subscribers(&room, Page { offset, limit }, &mut |key, id| {
                        some.push((key, id.clone()));
                    });
                (some, here)
            });
            let (mut some, here) = asked.await?;
            found.append(&mut some);
            all += here;
        }
        Ok((found, all))
    }

    /// Returns a page of the subscriptions of a connection; none if it is not open here.
    ///
    /// # Errors
    ///
    /// If its loop does not answer in time.
    pub async fn subscriptions(
        &self,
        key: ConnectionKey,
        page: Page,
    ) -> Result<Option<(Seen, Vec<(Room, RequestId)>)>, Behind> {
        if usize::from(key.loop_index) >= self.handle.loops() {
            return Ok(None);
        }
        self.ask_loop(usize::from(key.loop_index), move |connections| {
            let mut found = None;
            connections.with(key, &mut |connection| {
                let some = connection.subscriptions().skip(page.offset).take(page.limit);
                let some = some.map(|(room, id, _)| (room.clone(), id.clone())).collect();
                found = Some((Seen::of(connection), some));
            });
            found
        })
        .await
    }
}

fn audience(
    rooms: &[Room],
    matching: Match,
    without: &[ConnectionKey],
    connections: &mut dyn Connections<Session>,
) -> Vec<(Room, usize)> {
    let loop_index = connections.loop_index();
    let ours = without.iter().filter(|key| key.loop_index == loop_index);
    let slots: Vec<u32> =
        ours.filter(|key| connections.with(**key, &mut |_| {})).map(|key| key.slot).collect();
    connections.audience(rooms, matching, &mut |slot| !slots.contains(&slot))
}

/// Looks at some connections from a slot on, and returns those that are wanted, and where to go on.
fn walk(
    from: u32,
    address: Option<IpAddr>,
    most: usize,
    connections: &mut dyn Connections<Session>,
) -> (Vec<Seen>, Option<u32>) {
    let (mut seen, mut looked, mut next) = (Vec::new(), 0, None);
    connections.walk(from, &mut |connection| {
        if looked == STRIDE || seen.len() == most {
            next = Some(connection.key().slot);
            return false;
        }
        looked += 1;
        let origin = connection.session().origin();
        let is_let_in = connection.session().permissions().is_some();
        let is_there =
            address.is_none_or(|address| origin.is_some_and(|origin| origin.address == address));
        if is_let_in && is_there {
            seen.push(Seen::of(connection));
        }
        true
    });
    (seen, next)
}

/// Returns the first of those rooms on a page that are wanted, and whether there is no further page.
fn some_rooms(
    page: Page,
    after: Option<&Room>,
    having: Option<&Room>,
    limit: usize,
    connections: &mut dyn Connections<Session>,
) -> (BTreeMap<Room, usize>, bool) {
    let (mut rooms, mut count) = (BTreeMap::new(), 0);
    connections.rooms(page, &mut |room, subscriptions| {
        count += 1;
        let is_wanted = after.is_none_or(|after| room > after)
            && having.is_none_or(|having| has_all(room, having));
        if is_wanted {
            rooms.insert(room.clone(), subscriptions);
            if rooms.len() > limit {
                rooms.pop_last();
            }
        }
    });
    (rooms, count < page.limit)
}

fn has_all(room: &Room, having: &Room) -> bool {
    let any = format!("{:?}", "*");
    having.members().all(|(key, value)| {
        room.members().any(|(known, found)| known == key && (value == any || value == found))
    })
}
