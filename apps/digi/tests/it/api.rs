//! The REST API, over real HTTP.

mod conversations;
mod described;
mod messages;
mod people;
mod server;
