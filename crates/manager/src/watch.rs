//! The way of one publication through the loops, for whoever traces it.

use std::fmt::Debug;
use std::time::Instant;

/// Somebody who wants to know how a publication fares. Each loop tells once.
pub trait Watch: Debug + Send + Sync {
    /// A loop has done its part. Called on the loop, which waits meanwhile.
    fn passed(&self, passage: Passage);
}

/// What one loop did with a publication, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The loop's index.
    pub loop_index: u16,
    /// When it took the publication out of its mailbox.
    pub taken: Instant,
    /// When every delivery lay in its outbox.
    pub fanned_out: Instant,
    /// When the turn's writes were done: what is not written by then waits for slow sockets.
    pub written: Instant,
    /// How many deliveries that were.
    pub deliveries: usize,
}
