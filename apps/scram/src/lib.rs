//! SCRAM: the networks to act on, and the translators that put the wish into equipment.
//!
//! [`cidr`] is what a network is; [`translator`] is the other end of the server's WebSockets, the
//! `scram-translator` binary.

pub mod cidr;

pub mod translator;
