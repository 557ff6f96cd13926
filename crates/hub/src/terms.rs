//! The terms in which a hub is asked and answers.

use std::fmt;

/// How much a hub takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Subscriptions of one connection; one more is refused with [`Full::Connection`].
    pub subscriptions_per_connection_max: usize,
    /// Rooms in all; a subscription to one more is refused with [`Full::Rooms`].
    pub rooms_max: usize,
    /// Rooms looked at for the patterns of one publication, 40 ns each. A pattern that would need
    /// more is left out whole, and counted in [`Published::patterns_refused`].
    pub pattern_rooms_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            subscriptions_per_connection_max: 1_000,
            rooms_max: 1_000_000,
            pattern_rooms_max: 100_000,
        }
    }
}

/// What a subscribe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// There is a subscription more.
    New,
    /// The connection had this room under this id already. Its `since` is the old one.
    Already,
}

/// Which limit refused a subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The connection has [`Limits::subscriptions_per_connection_max`].
    Connection,
    /// There are [`Limits::rooms_max`] rooms, and this is not one of them.
    Rooms,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "the connection has as many subscriptions as it may",
            Self::Rooms => "there are as many rooms as there may be",
        })
    }
}

impl std::error::Error for Full {}

/// What a room with a `*` means in a publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// That one room. This is the default because of those who trigger Eindhoven and `*` together:
    /// as a pattern, the second would tell Eindhoven's news to Utrecht.
    #[default]
    Literal,
    /// Each room that it covers, as an allowed room covers those one may subscribe to.
    Pattern,
}

/// What became of a publication in this hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Published {
    /// Subscriptions that it was delivered to.
    pub deliveries: usize,
    /// Patterns that were left out because of [`Limits::pattern_rooms_max`].
    pub patterns_refused: usize,
}

/// What a hub has, and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rooms with a subscription. Two hubs may have the same room, so their sum may be too high.
    pub rooms: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Connections with a subscription.
    pub connections: usize,
    /// Publications so far.
    pub publications: u64,
    /// Deliveries so far, of all publications.
    pub deliveries: u64,
    /// How often [`Full::Connection`] was answered.
    pub subscribes_refused_connection: u64,
    /// How often [`Full::Rooms`] was answered.
    pub subscribes_refused_rooms: u64,
    /// How many patterns were left out of publications.
    pub patterns_refused: u64,
}
