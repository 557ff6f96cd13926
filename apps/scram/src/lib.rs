//! SCRAM: the networks to act on, and the translators that put the wish into equipment.
//!
//! [`cidr`] is what a network is; [`store`] keeps which of them are to be acted on, and writes an
//! event with each change; [`dispatch`] reads these and tells the translators. [`translator`] is the
//! other end of the server's WebSockets, the `scram-translator` binary.

pub mod cidr;
pub mod database;
pub mod dispatch;
pub mod entities;
pub mod migrations;
pub mod settings;
pub mod store;

pub mod translator;
