//! Operations on a hub, drawn from so few rooms and connections that they often meet.

use std::collections::BTreeMap;

use super::model::Model;
use crate::{ConnectionId, Full, Hub, Match, Permissions, Published, RequestId, Room, Subscribed};

/// One call of a hub.
#[derive(Clone, Debug)]
pub enum Operation {
    /// `Hub::subscribe`.
    Subscribe { connection: ConnectionId, room: RoomSketch, id: u8, since: u64 },
    /// `Hub::unsubscribe`.
    Unsubscribe { connection: ConnectionId, id: u8 },
    /// `Hub::retain`, of what these allow.
    Retain { connection: ConnectionId, allowed: Vec<RoomSketch> },
    /// `Hub::leave`.
    Leave { connection: ConnectionId },
    /// `Hub::publish`.
    Publish { rooms: Vec<RoomSketch>, matching: Match },
}

/// What a hub answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a subscribe.
    Subscribed(Result<Subscribed, Full>),
    /// To an unsubscribe or leave.
    Ended(usize),
    /// To a retain: the rooms and ids that were dropped, sorted.
    Dropped(usize, Vec<(String, String)>),
    /// To a publication: who heard it, sorted, since the order means nothing.
    Heard(Published, Vec<(ConnectionId, String)>),
}

impl Operation {
    /// Does this to the hub.
    pub fn on_hub(&self, hub: &mut Hub, sequence: u64) -> Answer {
        match self {
            Self::Subscribe { connection, room, id, since } => {
                Answer::Subscribed(hub.subscribe(*connection, room.room(), request_id(*id), *since))
            }
            Self::Unsubscribe { connection, id } => {
                Answer::Ended(hub.unsubscribe(*connection, &request_id(*id)))
            }
            Self::Retain { connection, allowed } => {
                let mut dropped = Vec::new();
                let allowed = permissions(allowed);
                let ended = hub.retain(
                    *connection,
                    |room| allowed.allows(room),
                    |room, id| dropped.push((room.to_string(), id.to_string())),
                );
                dropped.sort();
                Answer::Dropped(ended, dropped)
            }
            Self::Leave { connection } => Answer::Ended(hub.leave(*connection)),
            Self::Publish { rooms, matching } => {
                let rooms: Vec<_> = rooms.iter().map(RoomSketch::room).collect();
                let mut heard = Vec::new();
                let published = hub.publish(&rooms, *matching, sequence, |connection, id| {
                    heard.push((connection, id.to_string()));
                });
                heard.sort();
                Answer::Heard(published, heard)
            }
        }
    }

    /// Does this to the model.
    pub fn on_model(&self, model: &mut Model, sequence: u64) -> Answer {
        match self {
            Self::Subscribe { connection, room, id, since } => {
                let id = request_id(*id).to_string();
                Answer::Subscribed(model.subscribe(*connection, room, id, *since))
            }
            Self::Unsubscribe { connection, id } => {
                Answer::Ended(model.unsubscribe(*connection, request_id(*id).as_json()))
            }
            Self::Retain { connection, allowed } => {
                let mut dropped = model.retain(*connection, allowed);
                dropped.sort();
                Answer::Dropped(dropped.len(), dropped)
            }
            Self::Leave { connection } => Answer::Ended(model.leave(*connection)),
            Self::Publish { rooms, matching } => {
                let (published, mut heard) = model.publish(rooms, *matching, sequence);
                heard.sort();
                Answer::Heard(published, heard)
            }
        }
    }

    /// Reads the next operation; `None` at the end of the bytes.
    pub fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let (kind, connection) = (bytes.next()?, ConnectionId::from(bytes.next()? % 8));
        Some(match kind % 8 {
            0..=3 => {
                let (id, since) = (bytes.next()?, bytes.next()?.into());
                Self::Subscribe { connection, room: RoomSketch::read(bytes)?, id, since }
            }
            4 => Self::Unsubscribe { connection, id: bytes.next()? },
            5 if kind >= 128 => {
                let count = bytes.next()? % 4;
                let allowed = (0..count).map(|_| RoomSketch::read(bytes)).collect::<Option<_>>()?;
                Self::Retain { connection, allowed }
            }
            5 => Self::Leave { connection },
            kind => {
                let matching = if kind == 6 { Match::Literal } else { Match::Pattern };
                let count = bytes.next()? % 4;
                let rooms = (0..count).map(|_| RoomSketch::read(bytes)).collect::<Option<_>>()?;
                Self::Publish { rooms, matching }
            }
        })
    }
}

/// A room as keys and values by number; some numbers are only other spellings. The last of equal
/// keys counts.
#[derive(Clone, Debug)]
pub struct RoomSketch(pub Vec<(u8, u8)>);

const KEYS: [&[&str]; 4] =
    [&["\"zoo\"", "\"\\u007a\\u006fo\""], &["\"animal\""], &["\"ape\"", "\"ape\" "], &["\"\""]];

/// The first is the star.
const VALUES: [&[&str]; 8] = [
    &["\"*\"", "\"\\u002a\"", " \"\\u002A\""],
    &["1"],
    &["\"1\"", "\"\\u0031\""],
    &["1.0", "1e0", "10E-1"],
    &["true"],
    &["0", "-0"],
    &[
        "{\"b\":[1,\"*\"],\"a\":\"*\"}",
        "{\"a\":\"*\",\"b\":[1 , \"*\"]}",
        "{\"a\":1,\"b\":[1,\"*\"],\"a\":\"*\"}",
    ],
    &["123456789012345678901234567890"],
];

impl RoomSketch {
    /// The room as JSON, spelt as the numbers say.
    pub fn json(&self) -> String {
        let member = |&(key, value): &(u8, u8)| {
            format!("{}: {}", spelling(&KEYS, key), spelling(&VALUES, value))
        };
        format!("{{{}}}", self.0.iter().map(member).collect::<Vec<_>>().join(" , "))
    }

    /// The room.
    pub fn room(&self) -> Room {
        Room::parse(&self.json()).expect("a sketch is a room")
    }

    /// What the room is, however it is spelt: the numbers of its keys and of their values.
    pub fn meaning(&self) -> BTreeMap<usize, usize> {
        let number = |&(key, value): &(u8, u8)| {
            (usize::from(key) % KEYS.len(), usize::from(value) % VALUES.len())
        };
        self.0.iter().map(number).collect()
    }

    /// The rule of `*`, word for word.
    pub fn covers(&self, room: &Self) -> bool {
        let (pattern, room) = (self.meaning(), room.meaning());
        pattern.keys().eq(room.keys())
            && pattern.iter().all(|(key, &value)| value == 0 || value == room[key])
    }

    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let count = bytes.next()? % 4;
        (0..count).map(|_| Some((bytes.next()?, bytes.next()?))).collect::<Option<_>>().map(Self)
    }
}

fn spelling<'a>(choices: &[&[&'a str]], number: u8) -> &'a str {
    let spellings = choices[usize::from(number) % choices.len()];
    spellings[usize::from(number) / choices.len() % spellings.len()]
}

/// The permissions that allow these.
pub(super) fn permissions(allowed: &[RoomSketch]) -> Permissions {
    let list = allowed.iter().map(RoomSketch::json).collect::<Vec<_>>().join(", ");
    Permissions::parse(&format!("[{list}]")).expect("a list of rooms")
}

fn request_id(number: u8) -> RequestId {
    let ids = ["1", "\"1\"", "null", "\"an id too long to lie in place\""];
    RequestId::parse(ids[usize::from(number) % ids.len()]).expect("these are scalars")
}

/// Bytes to be read as something else.
#[derive(Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }
}
