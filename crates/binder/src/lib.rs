//! What a Rust backend says to a gateway, as django-binder does for a Django backend: which rooms a
//! user may enter, what everybody in a room is told, and that something was saved.
//!
//! | to | there is |
//! | --- | --- |
//! | say which rooms a user may enter | [`RoomController`], and its route for axum |
//! | tell everybody in some rooms something | [`Publisher::trigger`] |
//! | have it told when something is saved by SeaORM | `live::LiveDb` (feature `sea-orm`) |
//! | … so that it is told even if the process dies | `live::Outbox` |
//! | have it told when a transaction of sqlx's is committed | `LivePool` (feature `sqlx`) |
//! | have it told whoever wrote to PostgreSQL | `postgres::Notifications` (feature `sqlx`) |
//!
//! It speaks only the trigger protocol, in django-binder's very bytes: before a Campanile or before a
//! high-templar, by HTTP or (feature `rabbitmq`) by RabbitMQ. `examples/countries` is a whole
//! application.
//!
//! A trigger is told at most once, unless it is written down in an outbox; and in the order of commits
//! of a process.

mod room;

mod rooms;

#[cfg(feature = "axum")]
mod bootstrap;

mod trigger;

mod json;

mod publisher;

mod name;

mod pending;

#[cfg(feature = "sea-orm")]
mod sql;

#[cfg(feature = "sea-orm")]
pub mod live;

#[cfg(feature = "sqlx")]
mod transaction;

#[cfg(feature = "sqlx")]
pub mod postgres;

pub use name::{Live, resource_name};
pub use pending::{Operation, Pending, ROWS_MAX};
pub use publisher::{Builder, Publish, Publisher, StartError, Statistics, TriggerError};
pub use room::Room;
pub use rooms::{RoomController, RoomsError, RoomsForUser};
#[cfg(feature = "sqlx")]
pub use transaction::{LivePool, LiveTx};
pub use trigger::Trigger;
