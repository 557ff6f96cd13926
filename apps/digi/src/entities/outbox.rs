//! That an event is still to be published. It goes when that is done.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// In which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: i64,
    /// Which event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Which process has written it, and publishes it unless it ends.
    pub instance: String,
    /// When.
    pub at: DateTimeUtc,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What is to be published.
    #[sea_orm(
        belongs_to = "super::event::Entity",
        from = "(Column::ConversationId, Column::Seq)",
        to = "(super::event::Column::ConversationId, super::event::Column::Seq)"
    )]
    Event,
}

impl ActiveModelBehavior for ActiveModel {}
