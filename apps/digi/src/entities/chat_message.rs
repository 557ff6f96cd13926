//! A message. Of one that was deleted the row stays, without its text.

use sea_orm::entity::prelude::*;

/// One row. `Debug` shows the text: it is for tests, and for no log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_message")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Where it was said.
    pub conversation_id: i64,
    /// Who has said it.
    pub sender_id: i64,
    /// The text, exactly as it was sent; empty when it was deleted.
    pub body: String,
    /// The text in lower case, which is searched.
    pub folded: String,
    /// How the sender's program calls it: what comes twice is one message.
    pub client_id: Option<String>,
    /// When.
    pub created: DateTimeUtc,
    /// When the text was last changed.
    pub edited_at: Option<DateTimeUtc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTimeUtc>,
    /// The number of the event that told of it.
    pub seq: i64,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
