//! Tests of what can be tested without measuring: none depends on how fast the machine is.

mod arguments;
mod counting;
mod delivering;
mod floor;
mod frames;
mod reading;
mod reporting;
