//! Rooms, permissions and subscriptions: who hears what.
#![expect(missing_docs, unused_variables, clippy::todo, reason = "only the signatures yet")]

use std::fmt;
use std::sync::Arc;

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Room(Arc<str>);
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomError {
    NotJson,
    NotAnObject,
    TooDeep,
    TooLong,
}
impl Room {
    pub const BYTES_MAX: usize = 16_384;
    pub const DEPTH_MAX: usize = 64;
    pub fn parse(json: &str) -> Result<Room, RoomError> {
        todo!()
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether some key's value is `"*"`.
    pub fn has_star(&self) -> bool {
        todo!()
    }
}
impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
impl std::error::Error for RoomError {}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);
impl RequestId {
    pub const BYTES_MAX: usize = 1_024;
    pub fn parse(json: &str) -> Option<RequestId> {
        todo!()
    }
    pub fn as_json(&self) -> &str {
        &self.0
    }
    /// The same as bytes: cheaper, for the hot path.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

#[derive(Debug)]
pub struct Permissions(String);
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionError {
    NotJson,
    NotAList,
    Room { index: usize, error: RoomError },
    TooManyStars { index: usize },
    TooLong,
}
impl fmt::Display for PermissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
impl std::error::Error for PermissionError {}
impl Permissions {
    pub fn parse(allowed_rooms: &str) -> Result<Permissions, PermissionError> {
        todo!()
    }
    pub fn allows(&self, room: &Room) -> bool {
        todo!()
    }
    /// The list as one JSON array: for the greeting.
    pub fn as_json(&self) -> &str {
        &self.0
    }
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
}
/// Shared by threads: `&self`.
#[derive(Debug, Default)]
pub struct PermissionsPool {}
impl PermissionsPool {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn intern(&self, allowed_rooms: &str) -> Result<Arc<Permissions>, PermissionError> {
        todo!()
    }
    /// Lists that somebody holds, or that are not yet forgotten.
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
}

pub type ConnectionId = u32;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub subscriptions_per_connection_max: usize,
    pub rooms_max: usize,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    New,
    Already,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Connection,
    Rooms,
}
impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
impl std::error::Error for Full {}
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    #[default]
    Literal,
    Pattern,
}
/// What became of a publication in this hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Published {
    /// Subscriptions it was delivered to.
    pub deliveries: usize,
    /// Patterns left out whole because `pattern_rooms_max` was met.
    pub patterns_refused: usize,
}
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub rooms: usize,
    pub subscriptions: usize,
    /// Those with at least one subscription.
    pub connections: usize,
    pub publications: u64,
    pub deliveries: u64,
    pub subscribes_refused_connection: u64,
    pub subscribes_refused_rooms: u64,
    pub patterns_refused: u64,
}
#[derive(Debug)]
pub struct Hub {}
impl Hub {
    pub fn new(limits: Limits) -> Hub {
        todo!()
    }
    pub fn subscribe(
        &mut self,
        connection: ConnectionId,
        room: Room,
        id: RequestId,
        since: u64,
    ) -> Result<Subscribed, Full> {
        todo!()
    }
    pub fn unsubscribe(&mut self, connection: ConnectionId, id: &RequestId) -> usize {
        todo!()
    }
    pub fn leave(&mut self, connection: ConnectionId) -> usize {
        todo!()
    }
    pub fn publish(
        &mut self,
        rooms: &[Room],
        matching: Match,
        sequence: u64,
        deliver: impl FnMut(ConnectionId, &RequestId),
    ) -> Published {
        todo!()
    }
    pub fn statistics(&self) -> Statistics {
        todo!()
    }
}

#[doc(hidden)]
pub mod fuzz {
    /// Bytes to operations on a hub and on its model.
    pub fn hub(bytes: &[u8]) {
        todo!()
    }
    pub fn room(bytes: &[u8]) {
        todo!()
    }
    pub fn permissions(bytes: &[u8]) {
        todo!()
    }
    pub fn request_id(bytes: &[u8]) {
        todo!()
    }
}
