//! Which action types a translator may hear of.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "translator_token_action_type")]
pub struct Model {
    /// Which token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_id: i64,
    /// Which action type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_type_id: i64,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
