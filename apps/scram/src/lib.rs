//! SCRAM: the networks to act on, and the translators that put the wish into equipment.
//!
//! [`cidr`] is what a network is, and [`digest`] compares many; [`store`] keeps which of them are to be acted on, and writes an
//! event with each change; [`dispatch`] reads these and tells the translators by [`sockets`], of
//! which [`translators`] knows who they are.
//! [`api`] is for programs, [`pages`] are for people, and [`server`] holds it all together.
//! [`cli`] is the
//! `scram` command, for administrators. [`translator`] is the other end of the server's WebSockets, the `scram-translator` binary.

pub mod api;
pub mod app;
pub mod cidr;
pub mod cli;
pub mod database;
pub mod digest;
pub mod dispatch;
pub mod entities;
pub mod migrations;
pub mod pages;
pub mod server;
pub mod settings;
pub mod sockets;
pub mod store;
pub mod translators;

pub mod translator;
