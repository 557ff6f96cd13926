//! The accounts as browsers and programs see them: through a router, on SQLite and on PostgreSQL.

mod consumers;
mod first;
mod forgery;
mod login;
mod logs;
mod oidc;
mod pages;
mod programs;
mod registration;
mod sessions;
mod stage;
mod tables;
