//! How many connections the process can hold: each takes a file descriptor.

use super::keys::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for listeners, brokers, files, and the loops themselves.
const OWN_DESCRIPTORS: usize = 128;

/// Raises the process's limit of open files as far as it may itself, and returns it.
pub fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised =
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let current = if raised.is_ok() { limit.maximum } else { limit.current };
    current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

impl Limits {
    /// Returns how many connections to hold when the process may open `descriptors` files, of which
    /// `reserved` are for requests to the backend.
    pub fn connections_max(&self, descriptors: usize, reserved: usize) -> usize {
        let room = descriptors.saturating_sub(OWN_DESCRIPTORS + reserved).max(1);
        self.connections_max.map_or(room, |most| most.min(room))
    }
}
