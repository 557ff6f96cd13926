//! What the hub promises, played as scripts, against a model, and with hostile input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod corpus;
mod listing;
mod model;
mod permissions;
mod request_ids;
mod rooms;
mod script;
mod subscriptions;
