//! The tables, as the program sees them. What the columns are in SQL stands in `migrations`.
//!
//! A network is kept as numbers that both databases compare alike: see [`route`].

pub mod action_type;
pub mod action_type_history;
pub mod client;
pub mod client_action_type;
pub mod cursor;
pub mod entry;
pub mod entry_history;
pub mod event;
pub mod event_counter;
pub mod ignore_entry;
pub mod ignore_entry_history;
pub mod message;
pub mod route;
pub mod sequence_element;
pub mod translator_token;
pub mod translator_token_action_type;
