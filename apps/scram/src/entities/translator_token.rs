//! By which a translator is known.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "translator_token")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is; unique.
    pub name: String,
    /// The SHA-256 of the token, which itself is kept nowhere.
    pub token_hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a translator last came with it, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
