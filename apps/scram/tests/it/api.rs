//! The REST API, asked over HTTP as programs ask it.

mod activity;
mod asking;
mod clients;
mod described;
mod entries;
mod hostile;
mod ignore_entries;
mod lists;
mod permissions;
mod server;
