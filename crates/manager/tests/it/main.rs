//! The loops, driven: on simulated lines from a seed, and on real sockets.

mod model;
mod service;
mod simulation;
mod sockets;
