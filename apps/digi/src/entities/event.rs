//! That a message was added, edited or deleted. Written with the change, in one transaction.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// In which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: i64,
    /// Numbers of a conversation commit in their order, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// What was done.
    pub action: Action,
    /// To which message. Whoever reads it goes by the message as it is by then.
    pub chat_message_id: i64,
    /// When.
    pub at: DateTimeUtc,
}

/// What is done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(6))")]
pub enum Action {
    /// It is new.
    #[sea_orm(string_value = "add")]
    Add,
    /// It has another text.
    #[sea_orm(string_value = "edit")]
    Edit,
    /// It has none any more.
    #[sea_orm(string_value = "delete")]
    Delete,
}

impl Related<super::chat_message::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ChatMessage.def()
    }
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its message.
    #[sea_orm(
        belongs_to = "super::chat_message::Entity",
        from = "Column::ChatMessageId",
        to = "super::chat_message::Column::Id"
    )]
    ChatMessage,
}

impl ActiveModelBehavior for ActiveModel {}
