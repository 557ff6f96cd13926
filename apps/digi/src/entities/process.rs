//! A process that serves, and when it last said so.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "process")]
pub struct Model {
    /// Its own name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: String,
    /// When it last said so.
    pub beat: DateTimeUtc,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
