//! The crate as its users see it: real servers, real databases, real transactions.

mod heard;
mod live;
mod notifications;
mod outbox;
mod publisher;
mod rabbitmq;
mod rooms;
mod transactions;
mod world;
