//! Entries as they were at one moment, of which the last event is known: so whoever is told of them,
//! and of events, can say which is the newer.

use super::entries::active;
use super::{Store, networks};
use crate::cidr::Network;
use crate::entities::{entry, event, event_counter, route};
use sea_orm::{
    AccessMode, ColumnTrait, Condition, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IsolationLevel, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    TransactionOptions, TransactionTrait,
};

/// Entries as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event by then.
    pub event: i64,
    /// The entries, by their numbers.
    pub entries: Vec<Known>,
}

/// What translators need to know of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub entry: i64,
    /// Its network.
    pub network: Network,
    /// Whether it is active.
    pub is_active: bool,
}

impl Store {
    /// Returns the active entries of an action type after an entry's number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn active_after(
        &self,
        action_type: i64,
        after: i64,
        limit: u64,
    ) -> Result<Snapshot, DbErr> {
        self.snapshot(of(action_type).add(active()).add(entry::Column::Id.gt(after)), limit).await
    }

    /// Returns the entries of an action type after an entry's number that are not active.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn inactive_after(
        &self,
        action_type: i64,
        after: i64,
        limit: u64,
    ) -> Result<Snapshot, DbErr> {
        let inactive = of(action_type).add(active().not()).add(entry::Column::Id.gt(after));
        self.snapshot(inactive, limit).await
    }

    /// Returns these entries, active or not.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn snapshot_of(&self, entries: &[i64]) -> Result<Snapshot, DbErr> {
        let these = entry::Column::Id.is_in(entries.iter().copied());
        self.snapshot(Condition::all().add(these), entries.len() as u64).await
    }

    /// Returns an action type's entry of exactly this network, if there ever was one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn snapshot_at(
        &self,
        action_type: i64,
        network: &Network,
    ) -> Result<Snapshot, DbErr> {
        self.snapshot(of(action_type).add(networks::equal::<route::Entity>(network)), 1).await
    }

    /// Returns which entries of an action type have events after a number, of the next so many
    /// events of all action types, and the last of these; none if there are no more events.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn changed_after(
        &self,
        action_type: i64,
        number: i64,
        limit: u64,
    ) -> Result<Option<(i64, Vec<i64>)>, DbErr> {
        let events = self.events_after(number, limit).await?;
        let Some(last) = events.last().map(|event| event.id) else { return Ok(None) };
        let is_of_it = |event: &event::Model| event.action_type_id == action_type;
        let mut entries: Vec<i64> =
            events.into_iter().filter(is_of_it).map(|event| event.entry_id).collect();
        entries.sort_unstable();
        entries.dedup();
        Ok(Some((last, entries)))
    }

    async fn snapshot(&self, condition: Condition, limit: u64) -> Result<Snapshot, DbErr> {
        let transaction = self.moment().await?;
        let counter = event_counter::Entity::find_by_id(1).one(&transaction).await?;
        let event = counter.map(|counter| counter.last).unwrap_or_default();
        let rows: Vec<(i64, bool, i16, Vec<u8>, i16)> = entry::Entity::find()
            .select_only()
            .columns([entry::Column::Id, entry::Column::IsActive])
            .join(JoinType::InnerJoin, entry::Relation::Route.def())
            .columns([route::Column::Family, route::Column::First, route::Column::Prefix])
            .filter(condition)
            .order_by_asc(entry::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&transaction)
            .await?;
        transaction.commit().await?;
        let known = |(entry, is_active, family, first, prefix): (i64, bool, i16, Vec<u8>, i16)| {
            let network = networks::of_row(family, &first, prefix)?;
            Ok(Known { entry, network, is_active })
        };
        let entries: Result<Vec<Known>, DbErr> = rows.into_iter().map(known).collect();
        Ok(Snapshot { event, entries: entries? })
    }

    /// Begins to read what was there at one moment. With SQLite every transaction does.
    async fn moment(&self) -> Result<DatabaseTransaction, DbErr> {
        let readers = self.database.read();
        if readers.get_database_backend() != DbBackend::Postgres {
            return readers.begin().await;
        }
        let options = TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        readers.begin_with_options(options).await
    }
}

fn of(action_type: i64) -> Condition {
    Condition::all().add(entry::Column::ActionTypeId.eq(action_type))
}
