//! The channel layer from outside.

mod core;
mod corpus;
mod faults;
mod memory;
mod pubsub;
mod stage;
