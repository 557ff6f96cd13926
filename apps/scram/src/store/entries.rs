//! Entries: added, removed and found.

mod adding;
mod filtering;
mod finding;
mod removing;
mod row;
mod together;

pub use adding::{Added, NewEntry};
pub use filtering::Filter;
pub use finding::{Activity, Found};
pub use row::Entry;

pub(super) use adding::again;
pub(super) use removing::{Others, locked};
pub(super) use row::active;
pub(super) use together::Waiting;

use crate::cidr::{Network, NetworkError};

/// Which entries somebody means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// The one with this number.
    Id(i64),
    /// All whose network has an address in common with this one.
    Overlapping(Network),
}

impl Find {
    /// Reads a number or a network, whose host bits are cleared.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Find, NetworkError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // No entry has a number that does not fit: zero is nobody's.
            return Ok(Find::Id(text.parse().unwrap_or(0)));
        }
        Network::parse_lenient(text).map(Find::Overlapping)
    }
}
