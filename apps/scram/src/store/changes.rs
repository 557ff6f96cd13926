//! What a change of entries writes besides the rows: their history and the events.

use super::{Store, events};
use crate::entities::{entry, entry_history};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait};

/// How many rows a statement writes at most: SQLite takes 32,766 values in one.
pub(super) const ROWS_MAX: usize = 500;

/// What happened to an entry.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) author: &'a str,
    pub(super) reason: &'a str,
}

impl Store {
    /// Writes the history of changed rows, and last of all their events.
    ///
    /// The events' counter is locked until the commit, so nothing must come between.
    pub(super) async fn record(
        &self,
        transaction: &DatabaseTransaction,
        changes: &[(entry::Model, Change<'_>)],
    ) -> Result<(), DbErr> {
        for changes in changes.chunks(ROWS_MAX) {
            let history = changes.iter().map(|(row, change)| history(row, change));
            entry_history::Entity::insert_many(history).exec_without_returning(transaction).await?;
        }
        events::write(transaction, changes, &self.origin).await
    }
}

fn history(row: &entry::Model, change: &Change<'_>) -> entry_history::ActiveModel {
    let row = row.clone();
    let kind = if row.revision == 1 { "+" } else { "~" };
    entry_history::ActiveModel {
        id: NotSet,
        entry_id: Set(row.id),
        route_id: Set(row.route_id),
        action_type_id: Set(row.action_type_id),
        comment: Set(row.comment),
        is_active: Set(row.is_active),
        made: Set(row.made),
        who: Set(row.who),
        originating_scram_instance: Set(row.originating_scram_instance),
        expiration: Set(row.expiration),
        expiration_reason: Set(row.expiration_reason),
        kind: Set(kind.to_owned()),
        at: Set(change.at),
        author: Set(change.author.to_owned()),
        reason: Set(change.reason.to_owned()),
    }
}
