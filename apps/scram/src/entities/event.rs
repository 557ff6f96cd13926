//! That an entry has changed. Written with the change, in one transaction.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Numbers commit in their order, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// When.
    pub at: DateTimeUtc,
    /// By which instance.
    pub instance: String,
    /// Of which action type the entry is.
    pub action_type_id: i64,
    /// Which entry.
    pub entry_id: i64,
    /// `A` or `R`. Whoever reads it goes by the entry as it is by then.
    pub verb: String,
    /// Why.
    pub reason: String,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
