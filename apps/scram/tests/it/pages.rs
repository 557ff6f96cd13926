//! The pages as people see them, without a browser's scripts.

mod adding;
mod admin;
mod browser;
mod entries;
mod oidc;
mod permissions;
mod searching;
