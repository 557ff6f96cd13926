//! What an entry was after each change.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entry_history")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which entry.
    pub entry_id: i64,
    /// Which network.
    pub route_id: i64,
    /// What is done about it.
    pub action_type_id: i64,
    /// Why, in the words of who added it.
    pub comment: String,
    /// Whether it is to be announced.
    pub is_active: bool,
    /// When it was first added.
    pub made: DateTimeUtc,
    /// Who is answerable for it.
    pub who: String,
    /// By which instance it came in last.
    pub originating_scram_instance: String,
    /// When it ends.
    pub expiration: DateTimeUtc,
    /// Why it ended, if it has.
    pub expiration_reason: String,
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
