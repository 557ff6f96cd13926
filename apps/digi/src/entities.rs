//! The tables, as the program sees them. What the columns are in SQL stands in `migrations`.

pub mod chat_message;
pub mod conversation;
pub mod event;
pub mod member;
pub mod outbox;
pub mod presence;
pub mod process;
