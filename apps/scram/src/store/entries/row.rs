//! An entry as it is shown: with the names of what it refers to.

use crate::cidr::Network;
use crate::entities::{action_type, entry, route};
use crate::store::networks;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, JoinType, QuerySelect,
    RelationTrait, Select,
};

/// An entry, with the names of what it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Which network.
    pub network: Network,
    /// The name of its action type.
    pub action_type: String,
    /// Why, in the words of who added it.
    pub comment: String,
    /// Whether it is to be announced.
    pub is_active: bool,
    /// When it was first added.
    pub made: DateTime<Utc>,
    /// Who is answerable for it.
    pub who: String,
    /// By which instance it came in last.
    pub originating_scram_instance: String,
    /// When it ends; [`never`](crate::store::never) if it does not.
    pub expiration: DateTime<Utc>,
    /// Why it ended; empty while it is active.
    pub expiration_reason: String,
}

/// What the query of [`select`] gives.
#[derive(Debug, FromQueryResult)]
pub(in crate::store) struct Row {
    id: i64,
    family: i16,
    first: Vec<u8>,
    prefix: i16,
    action_type: String,
    comment: String,
    is_active: bool,
    made: DateTime<Utc>,
    who: String,
    originating_scram_instance: String,
    expiration: DateTime<Utc>,
    expiration_reason: String,
}

/// Begins a query for entries, of which [`Row`]s are to be read.
pub(in crate::store) fn select() -> Select<entry::Entity> {
    entry::Entity::find()
        .join(JoinType::InnerJoin, entry::Relation::Route.def())
        .join(JoinType::InnerJoin, entry::Relation::ActionType.def())
        .column(route::Column::Family)
        .column(route::Column::First)
        .column(route::Column::Prefix)
        .column_as(action_type::Column::Name, "action_type")
}

/// The condition of being active, in the words of the partial indexes.
pub(in crate::store) fn active() -> Condition {
    Expr::col(entry::Column::IsActive.as_column_ref()).into_condition()
}

impl Row {
    /// Reads all rows of a query.
    ///
    /// # Errors
    ///
    /// If one of them holds no network.
    pub(in crate::store) fn entries(rows: Vec<Row>) -> Result<Vec<Entry>, DbErr> {
        rows.into_iter().map(Row::entry).collect()
    }

    pub(in crate::store) fn entry(self) -> Result<Entry, DbErr> {
        Ok(Entry {
            id: self.id,
            network: networks::of_row(self.family, &self.first, self.prefix)?,
            action_type: self.action_type,
            comment: self.comment,
            is_active: self.is_active,
            made: self.made,
            who: self.who,
            originating_scram_instance: self.originating_scram_instance,
            expiration: self.expiration,
            expiration_reason: self.expiration_reason,
        })
    }
}

impl Entry {
    /// Puts together what was just written.
    pub(in crate::store) fn of(row: entry::Model, network: Network, action_type: &str) -> Entry {
        Entry {
            id: row.id,
            network,
            action_type: action_type.to_owned(),
            comment: row.comment,
            is_active: row.is_active,
            made: row.made,
            who: row.who,
            originating_scram_instance: row.originating_scram_instance,
            expiration: row.expiration,
            expiration_reason: row.expiration_reason,
        }
    }
}
