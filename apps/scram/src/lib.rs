//! SCRAM: the networks to act on, and the translators that put the wish into equipment.
//!
//! [`cidr`] is what a network is.

pub mod cidr;
