//! The channel layer from outside.

mod memory;
mod pubsub;
