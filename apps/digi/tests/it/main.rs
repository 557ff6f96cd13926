//! The store on a real SQLite and a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod conversations;
mod crowds;
mod history;
mod messages;
mod outbox;
mod world;
