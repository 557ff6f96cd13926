//! The campanile binary as clients, backends and operators meet it.

mod support;

mod protocol;
mod vectors;
