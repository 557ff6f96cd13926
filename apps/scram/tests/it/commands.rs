//! The `scram` program, as an administrator types it.

mod beside;
mod documents;
mod import;
mod lists;
mod people;
mod serving;
mod stage;
