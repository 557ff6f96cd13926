//! What the tests stand on: the real binary on addresses of its own, a backend, clients, and a player of scripts.

pub(crate) mod backend;
pub(crate) mod campanile;
pub(crate) mod client;
pub(crate) mod folder;
pub(crate) mod http;
pub(crate) mod play;
pub(crate) mod same;
pub(crate) mod tls;
pub(crate) mod together;
