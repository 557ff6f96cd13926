//! The loops, driven: on simulated lines from a seed, and on real sockets.

mod model;
mod moments;
mod service;
mod simulation;
#[expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]
mod sockets;
