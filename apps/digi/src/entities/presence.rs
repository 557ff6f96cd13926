//! That a user is, or was, at a process.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presence")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// At which process.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: String,
    /// Whether it is there still, if the process lives.
    pub is_here: bool,
    /// When it came, or was there last.
    pub seen: DateTimeUtc,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The process.
    #[sea_orm(
        belongs_to = "super::process::Entity",
        from = "Column::Instance",
        to = "super::process::Column::Instance"
    )]
    Process,
}

impl Related<super::process::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Process.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
