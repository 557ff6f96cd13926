//! Triggers: what the backend posts, read into publications.

#[cfg(test)]
mod tests;

use crate::config::{self, TriggerMatch};
use crate::names::Uuid;
use crate::object;
use crate::spans::TRACEPARENT;
use bytes::{BufMut, Bytes, BytesMut};
use campanile_hub::{Match, Room};
use campanile_manager::{Envelope, Publication};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A trigger that was read.
#[derive(Debug)]
pub struct Trigger {
    /// What it publishes, and where.
    pub publication: Publication,
    /// Entries of `rooms` that were no rooms.
    pub skipped: usize,
    /// Whether it names a `*` that stands for itself, which is perhaps not what was meant.
    pub has_literal_star: bool,
    /// By which it is known: to the ledger, to who waits for it, and when it comes again.
    pub id: Option<Box<str>>,
    /// Whether a node made the id. Nobody else has it, so it does not come again.
    pub is_made: bool,
    /// Who does not get it.
    pub exclude: Exclude,
    /// The span that it belongs to, of those who trace; what is none is found out when it is used.
    pub traceparent: Option<Box<str>>,
}

/// Who does not get what a trigger publishes, usually since they caused it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclude {
    /// A connection, by the name that its greeting gave it.
    pub connection: Option<Uuid>,
    /// All connections of a user.
    pub user: Option<Box<str>>,
}

/// The key for the id that a node makes for a trigger which has none.
pub const MADE_ID: &str = "made_id";

/// Longest id of a trigger, in bytes.
pub const ID_BYTES_MAX: usize = 255;

/// Why a trigger is refused; the text is the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTrigger {
    /// The body is no JSON, or not UTF-8.
    NotJson(String),
    /// There are no `rooms`.
    NoRooms,
    /// There is no `data`.
    NoData,
    /// `rooms` is neither a list nor an object.
    RoomsNotAList,
    /// There are more than `rooms_max`.
    TooManyRooms(usize),
    /// `match` is something else than `"literal"` or `"pattern"`.
    Match,
    /// The id is no text, empty, or longer than [`ID_BYTES_MAX`].
    Id,
    /// `exclude` names neither a connection nor a user.
    Exclude,
}

impl fmt::Display for BadTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "the body is not JSON: {why}"),
            Self::NoRooms => f.write_str("rooms not specified"),
            Self::NoData => f.write_str("data not specified"),
            Self::RoomsNotAList => f.write_str("rooms is not a list"),
            Self::TooManyRooms(most) => write!(f, "more than {most} rooms"),
            Self::Match => f.write_str("match is neither \"literal\" nor \"pattern\""),
            Self::Id => write!(f, "id is not a text of 1 to {ID_BYTES_MAX} bytes"),
            Self::Exclude => f.write_str(
                "exclude is not {\"connection\": the uuid of its greeting} or {\"user\": text}",
            ),
        }
    }
}

impl std::error::Error for BadTrigger {}

impl Trigger {
    /// Reads the body of a trigger.
    ///
    /// # Errors
    ///
    /// If it is to be refused as a whole; a bad room among others is skipped.
    pub fn read(body: &[u8], config: &config::Trigger) -> Result<Trigger, BadTrigger> {
        let not_json = |why: String| BadTrigger::NotJson(why);
        let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
        let keys = ["rooms", "data", "match", "id", MADE_ID, "exclude", TRACEPARENT];
        let values = object::values(text, &keys).map_err(|error| not_json(error.to_string()))?;
        // JSON of another kind has no rooms in it.
        let [rooms_text, data, match_text, id, made_id, exclude_text, traceparent] =
            values.unwrap_or_default();
        let rooms_text = rooms_text.ok_or(BadTrigger::NoRooms)?;
        let data = data.ok_or(BadTrigger::NoData)?;
        let matching = matching(match_text, config.matching)?;
        let (rooms, skipped) = rooms(rooms_text, config.rooms_max)?;
        let has_literal_star = matching == Match::Literal && rooms.iter().any(Room::has_star);
        let id = id.filter(|id| *id != "null").map(read_id).transpose()?;
        let made_id = made_id.filter(|_| id.is_none()).and_then(|id| read_id(id).ok());
        let (is_made, id) = (made_id.is_some(), id.or(made_id));
        let exclude = exclude_text.map_or(Ok(Exclude::default()), exclude)?;
        let traceparent = traceparent.and_then(|json| serde_json::from_str(json).ok());
        let publication = Publication::new(rooms, matching, envelope(data));
        Ok(Trigger { publication, skipped, has_literal_star, id, is_made, exclude, traceparent })
    }

    /// Returns the id by which it is known when it comes again; none if it cannot.
    pub fn lasting_id(&self) -> Option<&str> {
        self.id.as_deref().filter(|_| !self.is_made)
    }
}

/// Returns the message around each request id; `data` goes into it as the text it was.
fn envelope(data: &str) -> Envelope {
    const BEFORE: &[u8] = br#"{"type":"publish","data":"#;
    const AFTER: &[u8] = br#","requestId":"#;
    let mut shared = BytesMut::with_capacity(BEFORE.len() + data.len() + AFTER.len());
    shared.put_slice(BEFORE);
    shared.put_slice(data.as_bytes());
    shared.put_slice(AFTER);
    Envelope { shared: Bytes::from(shared), closing: "}" }
}

fn matching(given: Option<&str>, default: TriggerMatch) -> Result<Match, BadTrigger> {
    match (given, default) {
        (Some("\"literal\""), _) | (None, TriggerMatch::Literal) => Ok(Match::Literal),
        (Some("\"pattern\""), _) | (None, TriggerMatch::Pattern) => Ok(Match::Pattern),
        (Some(_), _) => Err(BadTrigger::Match),
    }
}

fn read_id(json: &str) -> Result<Box<str>, BadTrigger> {
    let id: Box<str> = serde_json::from_str(json).map_err(|_| BadTrigger::Id)?;
    if is_id(&id) { Ok(id) } else { Err(BadTrigger::Id) }
}

/// Reads what there is of an id and of rooms in something that may be no trigger.
pub fn read_some(body: &[u8]) -> (Option<Box<str>>, Vec<Room>) {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let values = object::values(text, &["id", "rooms"]).ok().flatten();
    let [id, rooms_text] = values.unwrap_or_default();
    let rooms = rooms_text.and_then(|text| rooms(text, usize::MAX).ok());
    (id.and_then(|id| read_id(id).ok()), rooms.unwrap_or_default().0)
}

/// Returns whether a trigger may be known by `id`.
pub fn is_id(id: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len())
}

fn exclude(json: &str) -> Result<Exclude, BadTrigger> {
    let bad = |_| BadTrigger::Exclude;
    let [connection, user] = match object::values(json, &["connection", "user"]).map_err(bad)? {
        Some(values) if values.iter().any(Option::is_some) => values,
        _ if json == "null" => return Ok(Exclude::default()),
        _ => return Err(BadTrigger::Exclude),
    };
    let text = |json: &str| serde_json::from_str::<Box<str>>(json).map_err(bad);
    let connection = match connection {
        Some(json) => Some(text(json)?.parse().map_err(|_| BadTrigger::Exclude)?),
        None => None,
    };
    Ok(Exclude { connection, user: user.map(text).transpose()? })
}

/// Returns the rooms of a list, and how many of its entries are none.
fn rooms(text: &str, rooms_max: usize) -> Result<(Vec<Room>, usize), BadTrigger> {
    match text.as_bytes().first() {
        Some(b'[') => {}
        // The original took its keys for rooms, of which none is one.
        Some(b'{') => return Ok((Vec::new(), 1)),
        _ => return Err(BadTrigger::RoomsNotAList),
    }
    let Rooms { rooms, skipped, all } =
        serde_json::from_str(text).map_err(|error| BadTrigger::NotJson(error.to_string()))?;
    if all > rooms_max { Err(BadTrigger::TooManyRooms(rooms_max)) } else { Ok((rooms, skipped)) }
}

#[derive(Default)]
struct Rooms {
    rooms: Vec<Room>,
    skipped: usize,
    all: usize,
}

impl<'de> Deserialize<'de> for Rooms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RoomsVisitor)
    }
}

struct RoomsVisitor;

impl<'de> Visitor<'de> for RoomsVisitor {
    type Value = Rooms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rooms")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rooms, A::Error> {
        let mut read = Rooms::default();
        while let Some(entry) = list.next_element::<&RawValue>()? {
            read.all += 1;
            match Room::parse(entry.get()) {
                Ok(room) => read.rooms.push(room),
                Err(_) => read.skipped += 1,
            }
        }
        Ok(read)
    }
}
