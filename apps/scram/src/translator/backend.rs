//! Who announces: the seam between the reconciler and a BGP program.

pub mod gobgp;
pub mod memory;

use super::route::Route;
use crate::cidr::{Family, Network};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use gobgp::Gobgp;
pub use memory::Memory;

/// How long one call may take, and so how long a program that hangs goes unnoticed.
pub const CALL_WITHIN: Duration = Duration::from_secs(5);

/// A program that announces routes.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Returns what the log calls it.
    fn name(&self) -> &'static str;

    /// Connects to it.
    ///
    /// # Errors
    ///
    /// If it is not there, or not ready.
    async fn connect(&self) -> Result<Arc<dyn Connection>, BackendError>;
}

/// One connection to one run of the program: when either ends, every call fails, so that a program that
/// has forgotten its routes is never taken for the one that was told of them.
///
/// Calls may be made at once. Whoever calls says how long to wait: a call that is dropped is given up.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Announces all of these, instead of what was announced for their networks.
    async fn announce(&self, routes: &[Route]) -> Result<(), BackendError>;

    /// Withdraws all of these, with whatever attributes they were announced. What is not announced is
    /// withdrawn without an error.
    async fn withdraw(&self, networks: &[Network]) -> Result<(), BackendError>;

    /// Withdraws everything that was announced here, and not what was learnt from others.
    async fn withdraw_all(&self) -> Result<(), BackendError>;

    /// Returns whether this network as a whole, or one around it, is announced here.
    async fn covers(&self, network: Network) -> Result<bool, BackendError>;

    /// Returns how many routes there are, learnt ones too.
    async fn counts(&self) -> Result<Counts, BackendError>;

    /// Returns the routes that are announced here and look as a translator makes them.
    async fn list_own(&self) -> Result<Vec<Route>, BackendError>;
}

/// How many routes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of IPv4.
    pub v4: u64,
    /// Of IPv6.
    pub v6: u64,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The program will not do this, and may do the next.
    Refused(String),
    /// The program cannot be reached, or does not answer: to be connected to again.
    Lost(String),
}

impl Counts {
    /// Counts networks.
    pub fn of<'a>(networks: impl IntoIterator<Item = &'a Network>) -> Counts {
        let mut counts = Counts::default();
        for network in networks {
            match network.family() {
                Family::V4 => counts.v4 += 1,
                Family::V6 => counts.v6 += 1,
            }
        }
        counts
    }
}

impl BackendError {
    /// Returns the error for a call that took more than [`CALL_WITHIN`].
    pub fn too_late() -> BackendError {
        BackendError::Lost(format!("gobgpd did not answer within {} s", CALL_WITHIN.as_secs()))
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BackendError::Refused(reason) => write!(formatter, "gobgpd refused: {reason}"),
            BackendError::Lost(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for BackendError {}
