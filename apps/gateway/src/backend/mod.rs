//! The backend: the HTTP application that says who may hear what, and is told who is there.
//!
//! In the order of a connection's life: what of its request the backend may see (`forward`), the
//! question (`bootstrap`) over the client (`client`, `connect`), the answer (`rights`), and the news of
//! it (`hooks`).

mod bootstrap;
mod client;
mod connect;
mod cookies;
mod forward;
mod hooks;
mod rights;
#[cfg(test)]
mod tests;

pub use bootstrap::{Authorized, Backend, BackendStatistics, Refused};
pub use client::{Answer, Client, Outgoing, RequestError};
pub use cookies::Cookies;
pub use forward::{Forwarded, Forwarding, Unforwardable};
pub use hooks::{HookStatistics, Hooks, Presence};
pub use rights::{Rights, User};
