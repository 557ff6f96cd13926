//! A wish: this network, that action. Never removed, only made inactive.

use sea_orm::entity::prelude::*;

impl Related<super::route::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Route.def()
    }
}

impl Related<super::action_type::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ActionType.def()
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
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
    /// How often it was written; 1 is new.
    pub revision: i32,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its network.
    #[sea_orm(
        belongs_to = "super::route::Entity",
        from = "Column::RouteId",
        to = "super::route::Column::Id"
    )]
    Route,
    /// Its action type.
    #[sea_orm(
        belongs_to = "super::action_type::Entity",
        from = "Column::ActionTypeId",
        to = "super::action_type::Column::Id"
    )]
    ActionType,
}

impl ActiveModelBehavior for ActiveModel {}
