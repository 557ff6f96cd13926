//! A simulated world, made of a seed: lines that split, merge, stall and break, clients at their
//! other ends, and time that jumps. The same seed is the same world, on one thread.
//!
//! A [`Simulation`] has the loops and turns them one after the other, only when a real poller would
//! have woken them; so a loop that forgets something stays asleep, and a test sees it.

mod client;
mod network;
mod poller;
mod random;
mod simulation;

pub use client::{Client, Heard};
pub use network::{Arrival, Faults, LineEnd, Network};
pub use poller::{SimPoller, SimSocket};
pub use random::Random;
pub use simulation::Simulation;

use crate::config::Config;
use crate::handle::Handle;
use crate::service::Service;

/// Makes the handle of loops that nobody wakes: for tests that turn them, or only post mail.
pub fn handle<S: Service, K>(config: &Config, loops: usize) -> Handle<S, K> {
    let waker = || Box::new(|| {}) as Box<dyn Fn() + Send + Sync>;
    Handle::new(config, (0..loops).map(|_| waker()))
}
