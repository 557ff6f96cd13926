//! The name that a client gives to its subscription.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::canonical::canonical;

/// A `requestId`: any JSON scalar, which goes back to the client with its type and value.
///
/// Ids are equal when they mean the same: `1.0` and `1e0` are one, `1` and `"1"` are two. Ids of
/// up to 22 bytes lie in place.
#[derive(Clone)]
pub struct RequestId(Text);

#[derive(Clone)]
enum Text {
    Short { length: u8, bytes: [u8; SHORT_BYTES_MAX] },
    Long(Box<str>),
}

/// As many as fit beside the length and the variant in 24 bytes.
const SHORT_BYTES_MAX: usize = 22;
const _: () = assert!(size_of::<RequestId>() == 24);

impl RequestId {
    /// How long the JSON of an id may be, as given and in its canonical spelling: each subscription keeps one, and each delivery carries it.
    pub const BYTES_MAX: usize = 1_024;

    /// The id of a subscription that nobody needs to name: nothing of it is delivered. No JSON reads
    /// as it.
    pub const NONE: Self = Self(Text::Short { length: 0, bytes: [0; SHORT_BYTES_MAX] });

    /// Reads an id from JSON; `None` if that is an object, a list, no JSON or too long.
    pub fn parse(json: &str) -> Option<Self> {
        if json.len() > Self::BYTES_MAX {
            return None;
        }
        let text = canonical(json, 0).ok().filter(|text| text.len() <= Self::BYTES_MAX)?;
        let mut bytes = [0; SHORT_BYTES_MAX];
        let Some(start) = bytes.get_mut(..text.len()) else {
            return Some(Self(Text::Long(text.into())));
        };
        start.copy_from_slice(text.as_bytes());
        Some(Self(Text::Short { length: text.len() as u8, bytes }))
    }

    /// Returns the id as JSON, in its canonical spelling.
    pub fn as_json(&self) -> &str {
        match &self.0 {
            Text::Short { .. } => {
                str::from_utf8(self.as_bytes()).expect("the bytes were a whole str")
            }
            Text::Long(text) => text,
        }
    }

    /// Returns the id as JSON in bytes, without checking once more that they are UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Short { length, bytes } => &bytes[..usize::from(*length)],
            Text::Long(text) => text.as_bytes(),
        }
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RequestId {}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}
