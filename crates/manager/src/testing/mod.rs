//! A simulated world, made of a seed.
