//! Two users who talk, or may come to.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    /// Its number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The one whose number is smaller.
    pub user_a: i64,
    /// The other.
    pub user_b: i64,
    /// Whose request it is.
    pub requested_by: i64,
    /// What has become of the request.
    pub state: State,
    /// Whether it was accepted until one of the two has left: who has left may open it again, while
    /// the other has not.
    pub is_closed: bool,
    /// Who will hear nothing more of the other, if anybody.
    pub blocked_by: Option<i64>,
    /// When it was asked for.
    pub created: DateTimeUtc,
    /// When something was last done in it.
    pub active: DateTimeUtc,
    /// The number of its last event. Its row is locked while the next one is written.
    pub last_seq: i64,
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum State {
    /// It waits for an answer.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// They talk.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// The other would not, or has left.
    #[sea_orm(string_value = "declined")]
    Declined,
}

/// How it leads to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
