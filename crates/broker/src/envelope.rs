//! What Redis and NATS carry: a body with the publication's id before it.

#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use std::collections::{HashSet, VecDeque};
use std::fmt;

/// The first bytes of an envelope; no JSON begins like this.
const MARK: &[u8] = b"campanile/1 ";

/// How many publications a node remembers, to drop the other copies of one.
///
/// Copies follow each other, but those of different publishers may be mixed; this is far more than
/// the publishers of one moment.
const REMEMBERED: usize = 4096;

/// A number that is used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u128);

impl Id {
    pub(crate) fn random() -> Id {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        Id(u128::from_be_bytes(bytes))
    }
}

/// As a UUID is written.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        f.write_str(&parts.join("-"))
    }
}

/// Writes `campanile/1 <32 hexadecimal digits>`, a line feed, and the body.
pub(crate) fn wrap(id: Id, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(MARK.len() + 33 + body.len());
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(format!("{:032x}\n", id.0).as_bytes());
    bytes.extend_from_slice(body);
    bytes.freeze()
}

/// Returns the id, if there is one, and the body. What a backend published by itself has none.
pub(crate) fn unwrap(bytes: &Bytes) -> (Option<Id>, Bytes) {
    let head = MARK.len() + 33;
    let id = bytes
        .strip_prefix(MARK)
        .filter(|rest| rest.get(32) == Some(&b'\n'))
        .and_then(|rest| std::str::from_utf8(&rest[..32]).ok())
        .and_then(|digits| u128::from_str_radix(digits, 16).ok());
    match id {
        Some(id) => (Some(Id(id)), bytes.slice(head..)),
        None => (None, bytes.clone()),
    }
}

/// Returns the number of a probe; none of ours has the number zero.
pub(crate) fn read_probe(body: &[u8]) -> u64 {
    std::str::from_utf8(body).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The latest ids that came.
#[derive(Default)]
pub(crate) struct Seen {
    ids: HashSet<Id>,
    order: VecDeque<Id>,
}

impl Seen {
    /// Takes note of an id; returns whether it came before.
    pub(crate) fn is_copy(&mut self, id: Id) -> bool {
        if !self.ids.insert(id) {
            return true;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED {
            let oldest = self.order.pop_front().expect("it has more than none");
            self.ids.remove(&oldest);
        }
        false
    }
}
