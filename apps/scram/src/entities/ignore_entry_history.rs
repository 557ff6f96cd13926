//! What an ignore entry was after each change.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ignore_entry_history")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which one.
    pub ignore_entry_id: i64,
    /// Its network, canonically.
    pub cidr: String,
    /// Why it was there.
    pub comment: String,
    /// `+` when it was made, `~` when it was changed, `-` when it was removed.
    pub kind: String,
    /// When that was.
    pub at: DateTimeUtc,
    /// Who did it: a user, a client, or empty for the program itself.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
