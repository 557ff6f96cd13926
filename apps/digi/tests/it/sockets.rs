//! The WebSockets, over real TCP and by another implementation.

mod frames;
pub(crate) mod letting_in;
mod refusals;
