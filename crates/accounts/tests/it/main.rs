//! The accounts as browsers and programs see them: through a router, on SQLite and on PostgreSQL.

mod forgery;
mod login;
mod stage;
