//! Rooms, permissions and subscriptions: who hears what.
//!
//! A client asks for a [`Room`] under a [`RequestId`]; its [`Permissions`] say whether it may; the
//! [`Hub`] keeps the subscription, and finds everyone who should hear a publication. What a
//! publication says, and how it travels, is not known here: there is no socket, no clock, no thread
//! and no log in this crate.

mod hub;
mod subscription;
mod terms;

mod audience;
mod changes;
mod listing;

mod request_id;
mod room;

mod permission;
mod pool;

mod directory;

mod members;

mod canonical;

mod slots;

#[doc(hidden)]
pub mod fuzz;

pub use changes::RoomChanges;
pub use hub::{ConnectionId, Hub};
pub use permission::{PermissionError, Permissions};
pub use pool::PermissionsPool;
pub use request_id::RequestId;
pub use room::{Room, RoomError};
pub use terms::{Full, Limits, Match, Published, Statistics, Subscribed};
