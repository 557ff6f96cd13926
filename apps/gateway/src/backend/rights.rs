//! The backend's answer: which rooms a client may enter, who it is, and for how long that holds.

use super::client::Answer;
use http::header::CONTENT_TYPE;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Longest name of a user, in bytes.
const USER_BYTES_MAX: usize = 256;

/// However soon a backend wants to be asked again, it is after this time.
const TTL_LEAST: Duration = Duration::from_secs(1);
/// However late: a year is never.
const TTL_MOST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a backend says of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The allowed rooms: a JSON array of objects, in the backend's own spelling.
    pub allowed_rooms: Box<str>,
    /// Who it is; none if the backend does not say.
    pub user: Option<User>,
    /// After which time to ask again; none if the backend does not say.
    pub rooms_ttl: Option<Duration>,
}

/// Whose connection it is, by the backend's word: never empty, and at most 256 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User(Arc<str>);

impl User {
    /// Takes a name; none if it is empty or too long to be one.
    pub fn new(name: &str) -> Option<User> {
        (1..=USER_BYTES_MAX).contains(&name.len()).then(|| User(name.into()))
    }
}

impl Deref for User {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for User {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Rights {
    /// Reads an answer with status 200; says what is wrong with one that cannot be read.
    pub(super) fn read(answer: &Answer) -> Result<Rights, String> {
        let content_type =
            answer.headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        if !is_json(content_type) {
            let shown = String::from_utf8_lossy(&content_type[..content_type.len().min(100)]);
            return Err(format!("its type is {shown:?}, not application/json"));
        }
        let text = std::str::from_utf8(&answer.body).map_err(|_| "it is not UTF-8")?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let said = reader.deserialize_any(Body).map_err(|error| error.to_string())?;
        reader.end().map_err(|error| error.to_string())?;
        Ok(Rights {
            allowed_rooms: allowed_rooms(said.allowed_rooms)?,
            user: user(said.user)?,
            rooms_ttl: rooms_ttl(said.rooms_ttl),
        })
    }
}

fn allowed_rooms(said: Option<&RawValue>) -> Result<Box<str>, String> {
    match said.map(RawValue::get) {
        // An object or text without anything in it has no rooms in it either.
        None | Some("{}" | "\"\"") => Ok("[]".into()),
        Some(rooms) => {
            let mut reader = serde_json::Deserializer::from_str(rooms);
            reader.deserialize_any(Rooms).map_err(|error| error.to_string())?;
            Ok(rooms.into())
        }
    }
}

/// Reads a text, or a whole number as its text. All else is nobody, as it was before there were
/// users; a name that is too long must not become a shorter one, which may be somebody else's.
fn user(said: Option<&RawValue>) -> Result<Option<User>, String> {
    let Some(said) = said.map(RawValue::get) else { return Ok(None) };
    let name = if said.starts_with('"') {
        serde_json::from_str(said).map_err(|error| error.to_string())?
    } else if said.strip_prefix('-').unwrap_or(said).bytes().all(|byte| byte.is_ascii_digit()) {
        said.to_owned()
    } else {
        String::new()
    };
    if name.len() > USER_BYTES_MAX {
        return Err(format!("its user has more than {USER_BYTES_MAX} bytes"));
    }
    Ok(User::new(&name))
}

/// Reads a number of seconds; what is none, or not above zero, sets no time.
fn rooms_ttl(said: Option<&RawValue>) -> Option<Duration> {
    let seconds: f64 = serde_json::from_str(said?.get()).ok()?;
    let ttl = (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(TTL_MOST))?;
    Some(ttl.clamp(TTL_LEAST, TTL_MOST))
}

/// Returns whether a Content-Type is `application/json` or `application/<x>+json`.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    let Ok(essence) = std::str::from_utf8(essence.trim_ascii()) else { return false };
    let essence = essence.to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else { return false };
    subtype == "json" || subtype.strip_suffix("+json").is_some_and(|kind| !kind.is_empty())
}

/// Those parts of a body, an object, that mean something; of equal keys the last.
#[derive(Default)]
struct Said<'a> {
    allowed_rooms: Option<&'a RawValue>,
    user: Option<&'a RawValue>,
    rooms_ttl: Option<&'a RawValue>,
}

struct Body;

impl<'de> Visitor<'de> for Body {
    type Value = Said<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object with allowed_rooms")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut said = Said::default();
        while let Some(key) = map.next_key::<String>()? {
            let part = match key.as_str() {
                "allowed_rooms" => &mut said.allowed_rooms,
                "user" => &mut said.user,
                "rooms_ttl" => &mut said.rooms_ttl,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *part = Some(map.next_value()?);
        }
        Ok(said)
    }
}

/// Looks whether every allowed room is an object.
struct Rooms;

impl<'de> Visitor<'de> for Rooms {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rooms in allowed_rooms")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(room) = list.next_element::<&RawValue>()? {
            if !room.get().starts_with('{') {
                let start: String = room.get().chars().take(40).collect();
                return Err(A::Error::custom(format!("an allowed room is no object: {start}")));
            }
        }
        Ok(())
    }
}
