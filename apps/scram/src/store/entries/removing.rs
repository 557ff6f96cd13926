//! Making entries inactive, by somebody's wish.

use super::row::active;
use super::{Entry, Find};
use crate::entities::entry;
use crate::store::changes::{Change, ROWS_MAX};
use crate::store::{Author, RemoveError, Store, now};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationTrait,
};

impl Store {
    /// Makes all active entries that are meant inactive, and returns them as they are now; there
    /// may be none.
    ///
    /// # Errors
    ///
    /// [`RemoveError`]; then all are as they were.
    pub async fn remove(&self, find: Find, author: &Author) -> Result<Vec<Entry>, RemoveError> {
        if !author.may_write {
            return Err(RemoveError::NotPermitted);
        }
        let condition = self.meaning(find).ok_or(RemoveError::TooLarge(self.limits))?;
        let by = author.user.as_deref().unwrap_or_default();
        let reason = format!("removed by {}", if by.is_empty() { "the administrator" } else { by });
        let reason: String = reason.chars().take(200).collect();
        let transaction = self.database.write().await?;
        let ids = locked(&transaction, condition.add(active()), None, Others::Wait).await?;
        let change = Change { at: now(), author: by, reason: &reason };
        self.end(&transaction, &ids, change).await?;
        self.commit(transaction).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.counters.count(|so_far| so_far.removed += ids.len() as u64);
        self.wake();
        let mut entries = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ROWS_MAX) {
            entries.extend(self.entries(ids).await?);
        }
        Ok(entries)
    }

    /// Makes entries inactive, with their history and events; the last thing before the commit.
    pub(in crate::store) async fn end(
        &self,
        transaction: &DatabaseTransaction,
        ids: &[i64],
        change: Change<'_>,
    ) -> Result<(), DbErr> {
        let mut rows = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ROWS_MAX) {
            let ended = entry::Entity::update_many()
                .col_expr(entry::Column::IsActive, Expr::value(false))
                .col_expr(entry::Column::ExpirationReason, Expr::value(change.reason))
                .col_expr(entry::Column::Revision, Expr::col(entry::Column::Revision).add(1))
                .filter(entry::Column::Id.is_in(ids.iter().copied()))
                .exec_with_returning(transaction)
                .await?;
            rows.extend(ended);
        }
        rows.sort_by_key(|row| row.id);
        let changes: Vec<_> = rows.into_iter().map(|row| (row, change)).collect();
        self.record(transaction, &changes).await
    }
}

/// Locks the entries of which something is true, in the order of their numbers, so that nobody
/// waits for each other in a circle; those that others hold are waited for, or left to them.
///
/// SQLite has locked everything already.
pub(in crate::store) async fn locked(
    transaction: &DatabaseTransaction,
    condition: Condition,
    limit: Option<u64>,
    others: Others,
) -> Result<Vec<i64>, DbErr> {
    let mut query = entry::Entity::find()
        .select_only()
        .column(entry::Column::Id)
        .join(JoinType::InnerJoin, entry::Relation::Route.def())
        .filter(condition)
        .order_by_asc(entry::Column::Id)
        .limit(limit);
    let entries = [entry::Entity];
    match others {
        Others::Wait => QueryTrait::query(&mut query).lock_with_tables(LockType::Update, entries),
        Others::Skip => {
            let behavior = LockBehavior::SkipLocked;
            QueryTrait::query(&mut query).lock_with_tables_behavior(
                LockType::Update,
                entries,
                behavior,
            )
        }
    };
    query.into_tuple().all(transaction).await
}

/// What is done about rows that another transaction holds.
#[derive(Clone, Copy)]
pub(in crate::store) enum Others {
    Wait,
    Skip,
}
