//! The transactional outbox: that an entry has changed is written with the change itself.
//!
//! Numbers come from one row, which stays locked until the commit. So events commit in the order
//! of their numbers, without gaps, and whoever has read up to one has missed none before it.

use super::changes::{Change, ROWS_MAX};
use super::{Store, now};
use crate::entities::{cursor, entry, event, event_counter};
use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

/// On PostgreSQL, the name under which listeners hear of new events.
pub const NOTIFICATION: &str = "scram_event";

/// How far an instance has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// All later events are there.
    At(i64),
    /// Events that it has not seen are no longer kept; up to this number, all must be told anew.
    Lost(i64),
}

/// Writes the events of changed rows; the last thing before the commit.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    changes: &[(entry::Model, Change<'_>)],
    instance: &str,
) -> Result<(), DbErr> {
    if changes.is_empty() {
        return Ok(());
    }
    if transaction.get_database_backend() == DbBackend::Postgres {
        if let [(row, change)] = changes {
            return write_one(transaction, row, instance, change).await;
        }
        transaction.execute_unprepared(&format!("SELECT {}", at_commit())).await?;
    }
    let mut id = take_numbers(transaction, changes.len()).await?;
    for changes in changes.chunks(ROWS_MAX) {
        let events = changes.iter().map(|(row, change)| {
            id += 1;
            event::ActiveModel {
                id: Set(id),
                at: Set(change.at),
                instance: Set(instance.to_owned()),
                action_type_id: Set(row.action_type_id),
                entry_id: Set(row.id),
                verb: Set(verb(row).to_owned()),
                reason: Set(change.reason.to_owned()),
            }
        });
        event::Entity::insert_many(events).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Returns PostgreSQL's words for what the commit is to do.
///
/// It notifies those who listen, and there is nothing to hear without it. It does not wait for the
/// disk, since all others wait for the counter until then; `Store::commit` does, afterwards.
fn at_commit() -> String {
    format!("pg_notify('{NOTIFICATION}', ''), set_config('synchronous_commit', 'off', true)")
}

/// Writes one event and takes its number in one statement of PostgreSQL, so that others wait for the
/// counter no longer than this one and the commit take.
async fn write_one(
    transaction: &DatabaseTransaction,
    row: &entry::Model,
    instance: &str,
    change: &Change<'_>,
) -> Result<(), DbErr> {
    let statement = format!(
        "WITH counter AS (UPDATE event_counter SET last = last + 1 RETURNING last),
        told AS (SELECT {})
        INSERT INTO event (id, at, instance, action_type_id, entry_id, verb, reason)
        SELECT last, $1, $2, $3, $4, $5, $6 FROM counter, told",
        at_commit()
    );
    let values = [
        change.at.into(),
        instance.into(),
        row.action_type_id.into(),
        row.id.into(),
        verb(row).into(),
        change.reason.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, statement, values);
    let written = transaction.execute_raw(statement).await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(no_counter()) }
}

/// Returns what has become of an entry.
fn verb(row: &entry::Model) -> &'static str {
    if row.is_active { "A" } else { "R" }
}

/// Takes so many numbers, and returns the last one before them.
async fn take_numbers(transaction: &DatabaseTransaction, count: usize) -> Result<i64, DbErr> {
    let count = i64::try_from(count).expect("a transaction has fewer rows");
    let last = Expr::col(event_counter::Column::Last).add(count);
    let counter = event_counter::Entity::update_many()
        .col_expr(event_counter::Column::Last, last)
        .exec_with_returning(transaction)
        .await?;
    let counter = counter.first().ok_or_else(no_counter)?;
    Ok(counter.last - count)
}

impl Store {
    /// Commits changes of entries, and returns when they would outlive a loss of power.
    pub(super) async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), DbErr> {
        transaction.commit().await?;
        self.make_durable().await
    }

    /// Waits until all that is committed would outlive a loss of power.
    ///
    /// PostgreSQL writes its log in order: a commit that waits for the disk, even of a message to
    /// nobody, waits for all before it. Those who wait at the same time share one write.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn make_durable(&self) -> Result<(), DbErr> {
        if self.database.backend() == DbBackend::Postgres {
            let message = "SELECT pg_logical_emit_message(true, 'scram', '')";
            self.database.read().execute_unprepared(message).await?;
        }
        Ok(())
    }

    /// Returns the events after a number, in their order.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_after(&self, number: i64, limit: u64) -> Result<Vec<event::Model>, DbErr> {
        event::Entity::find()
            .filter(event::Column::Id.gt(number))
            .order_by_asc(event::Column::Id)
            .limit(limit)
            .all(self.database.read())
            .await
    }

    /// Returns the number of the last event.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn last_event(&self) -> Result<i64, DbErr> {
        Ok(self.counter().await?.last)
    }

    /// Returns how many events an instance has not told of yet.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn lag(&self, instance: &str) -> Result<i64, DbErr> {
        let cursor = cursor::Entity::find_by_id(instance).one(self.database.read()).await?;
        let last = self.counter().await?.last;
        Ok(cursor.map_or(0, |cursor| last.saturating_sub(cursor.event_id)))
    }

    /// Returns where an instance goes on; one that is new begins with what comes now.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn position(&self, instance: &str) -> Result<Position, DbErr> {
        let cursor = cursor::Entity::find_by_id(instance).one(self.database.read()).await?;
        let counter = self.counter().await?;
        let Some(cursor) = cursor else {
            self.keep_position(instance, counter.last).await?;
            return Ok(Position::At(counter.last));
        };
        let knows_all = (counter.purged..=counter.last).contains(&cursor.event_id);
        Ok(if knows_all { Position::At(cursor.event_id) } else { Position::Lost(counter.last) })
    }

    /// Remembers that an instance is done with all events up to a number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn keep_position(&self, instance: &str, number: i64) -> Result<(), DbErr> {
        let row = cursor::ActiveModel {
            instance: Set(instance.to_owned()),
            event_id: Set(number),
            at: Set(now()),
        };
        let again = OnConflict::column(cursor::Column::Instance)
            .update_columns([cursor::Column::EventId, cursor::Column::At])
            .to_owned();
        let transaction = self.database.write().await?;
        cursor::Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
        transaction.commit().await
    }

    /// Removes events that are older than this, and returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn purge_events(&self, kept: TimeDelta) -> Result<u64, DbErr> {
        let old = event::Column::At.lt(now() - kept);
        let transaction = self.database.write().await?;
        let newest = event::Entity::find()
            .filter(old)
            .order_by_desc(event::Column::Id)
            .one(&transaction)
            .await?;
        let Some(newest) = newest else { return Ok(0) };
        let removed = event::Entity::delete_many()
            .filter(event::Column::Id.lte(newest.id))
            .exec(&transaction)
            .await?;
        event_counter::Entity::update_many()
            .col_expr(event_counter::Column::Purged, Expr::value(newest.id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected)
    }

    async fn counter(&self) -> Result<event_counter::Model, DbErr> {
        let counter = event_counter::Entity::find_by_id(1).one(self.database.read()).await?;
        counter.ok_or_else(no_counter)
    }
}

fn no_counter() -> DbErr {
    DbErr::Custom("the one row of event_counter is gone: restore it from a backup".to_owned())
}
