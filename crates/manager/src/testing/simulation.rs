//! Loops that are turned by hand, each when it would have woken.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::network::Network;
use super::poller::{SimPoller, SimSocket};
use super::random::Random;
use crate::config::Config;
use crate::handle::Handle;
use crate::manager::Manager;
use crate::service::Service;

/// Loops on a simulated network.
pub struct Simulation<S: Service> {
    /// What the loops are asked by.
    pub handle: Handle<S, SimSocket>,
    network: Network,
    loops: Vec<Loop<S>>,
    random: Random,
}

struct Loop<S: Service> {
    manager: Manager<S, SimPoller>,
    woken: Arc<AtomicBool>,
    sleeps_until: Option<Instant>,
    is_done: bool,
}

impl<S: Service> Simulation<S> {
    /// Makes `config.loops` loops, each with the service that `service` makes for its index.
    pub fn new(
        config: &Config,
        network: &Network,
        seed: u64,
        mut service: impl FnMut(usize) -> S,
    ) -> Self {
        let woken: Vec<Arc<AtomicBool>> = (0..config.loops).map(|_| Arc::default()).collect();
        let handle = Handle::new(
            config,
            woken.iter().map(|woken| {
                let woken = Arc::clone(woken);
                Box::new(move || woken.store(true, Ordering::Relaxed))
                    as Box<dyn Fn() + Send + Sync>
            }),
        );
        let make = |(index, woken)| {
            let poller = network.poller(index);
            let manager = Manager::new(config, index, service(index), poller, &handle);
            Loop { manager, woken, sleeps_until: None, is_done: false }
        };
        let loops = woken.into_iter().enumerate().map(make).collect();
        Self { handle, network: network.clone(), loops, random: Random::new(seed) }
    }

    /// Turns one of the loops that are awake. Returns which; none: all are asleep.
    ///
    /// # Errors
    ///
    /// If the poller fails, which a simulated one does not.
    pub fn turn(&mut self) -> io::Result<Option<usize>> {
        let Some(index) = self.next_awake() else { return Ok(None) };
        let turned = &mut self.loops[index];
        turned.woken.store(false, Ordering::Relaxed);
        turned.manager.turn()?;
        turned.is_done = turned.manager.try_to_end();
        let patience = turned.manager.patience();
        turned.sleeps_until =
            patience.and_then(|patience| self.network.now().checked_add(patience));
        Ok(Some(index))
    }

    fn next_awake(&mut self) -> Option<usize> {
        let now = self.network.now();
        let first = self.random.below(self.loops.len());
        let order = (first..self.loops.len()).chain(0..first);
        order.into_iter().find(|index| {
            let this = &self.loops[*index];
            let is_due = this.sleeps_until.is_some_and(|until| until <= now);
            let woken = this.woken.load(Ordering::Relaxed);
            !this.is_done && (woken || is_due || self.network.has_news(*index))
        })
    }

    /// Returns when the first of the loops that sleep will wake by itself.
    pub fn wakes_at(&self) -> Option<Instant> {
        let running = self.loops.iter().filter(|this| !this.is_done);
        running.filter_map(|this| this.sleeps_until).min()
    }

    /// Returns whether all loops have stopped.
    pub fn is_done(&self) -> bool {
        self.loops.iter().all(|this| this.is_done)
    }

    /// Asks the loops to stop, as [`Handle::stop`] does, on the simulated clock.
    pub fn stop(&self, patience: Duration) {
        self.handle.stop_by(self.network.now() + patience);
    }

    /// Returns how many publications a loop has handled.
    pub fn publications_handled(&self, of: usize) -> u64 {
        self.handle.shared.counters[of].publications.get()
    }

    /// Returns the bytes that wait in the fullest outbox.
    pub fn backlog_bytes_max(&mut self) -> usize {
        self.loops.iter_mut().map(|this| this.manager.backlog_bytes_max()).max().unwrap_or(0)
    }
}

impl<S: Service> fmt::Debug for Simulation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("loops", &self.loops.len()).finish_non_exhaustive()
    }
}
