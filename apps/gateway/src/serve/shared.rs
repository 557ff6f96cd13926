//! What all requests share.

use super::Reloads;
use super::certificates::Certificates;
use crate::backend::Backend;
use crate::config::Config;
use crate::control::Control;
use crate::demo::Demo;
use crate::metrics::{Refusals, TriggerCounts};
use crate::places::Places;
use crate::publishing::Publishing;
use crate::service::{Gateway, Settings};
use crate::tls::{Handshakes, Tls};
use arc_swap::{ArcSwap, Guard};
use campanile_hub::PermissionsPool;
use campanile_manager::Handle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// What all requests share.
pub struct Shared {
    /// The configuration, as it is now.
    pub(super) config: ArcSwap<Config>,
    /// Who says who may hear what.
    pub backend: Backend,
    /// The loops.
    pub handle: Handle<Gateway>,
    /// What the gateways of all loops share.
    pub settings: Arc<Settings>,
    /// The lists of rooms that connections have.
    pub permissions: Arc<PermissionsPool>,
    /// The places for connections of the public listener.
    pub places: Arc<Places>,
    pub(super) internal_places: Arc<Places>,
    /// TLS of the listeners that speak it.
    pub(super) tls: Certificates,
    /// The handshakes of the public listener.
    pub handshakes: Arc<Handshakes>,
    /// Those that were refused.
    pub refusals: Arc<Refusals>,
    /// What became of triggers.
    pub triggers: TriggerCounts,
    /// How triggers reach the loops of all nodes.
    pub publishing: Publishing,
    /// This node among the others.
    pub control: Control,
    /// What became of the wishes to read the configuration again.
    pub reloads: Reloads,
    /// Keeps a failing backend from filling the log.
    pub seldom: Seldom,
    /// The page and the backend of `campanile demo`.
    pub demo: Option<Demo>,
    pub(super) leaving: AtomicBool,
    pub(super) stopping: AtomicBool,
}

impl Shared {
    /// Returns the configuration as it is now. Whoever needs two settings that fit together asks once.
    pub fn config(&self) -> Guard<Arc<Config>> {
        self.config.load()
    }

    /// Returns the places for connections of a listener.
    pub fn places(&self, side: Side) -> &Arc<Places> {
        match side {
            Side::Public => &self.places,
            Side::Internal => &self.internal_places,
        }
    }

    /// Returns the TLS of a listener; none if it speaks plain HTTP.
    pub fn tls(&self, side: Side) -> Option<&Arc<Tls>> {
        self.tls.of(side)
    }

    /// Returns whether the process is about to stop, so that nobody new should be sent here.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    /// Returns whether the process stops: nobody new is let in.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Notes that the process is about to stop.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Relaxed);
    }

    /// Notes that the process stops.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }
}

/// Says yes once in ten seconds.
#[derive(Debug)]
pub struct Seldom {
    began: Instant,
    next_s: AtomicU64,
}

impl Seldom {
    /// Begins; the first time is now.
    pub fn new() -> Seldom {
        Seldom { began: Instant::now(), next_s: AtomicU64::new(0) }
    }

    /// Returns whether it is time again.
    pub fn is_time(&self) -> bool {
        let (now, next) = (self.began.elapsed().as_secs(), self.next_s.load(Relaxed));
        now >= next && self.next_s.compare_exchange(next, now + 10, Relaxed, Relaxed).is_ok()
    }
}

impl Default for Seldom {
    fn default() -> Seldom {
        Seldom::new()
    }
}

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that browsers reach.
    Public,
    /// The one for the backend and for operators.
    Internal,
}
