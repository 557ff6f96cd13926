//! Which action types a client may use.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_action_type")]
pub struct Model {
    /// Which client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: i64,
    /// Which action type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_type_id: i64,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
