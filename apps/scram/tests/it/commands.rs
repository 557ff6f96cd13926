//! The `scram` program, as an administrator types it.

mod beside;
mod import;
mod lists;
mod people;
mod stage;
