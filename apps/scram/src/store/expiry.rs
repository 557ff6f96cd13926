//! The timer: entries end when their expiration has come.
//!
//! It sleeps until the nearest expiration. Instances share the work: what one of them holds, the
//! others leave to it. An entry that cannot be ended holds up no other.

use super::changes::Change;
use super::entries::{Others, active, locked};
use super::{Store, now};
use crate::entities::entry;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::time::Duration;
use tracing::{debug, warn};

/// What a run of the timer did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// The numbers of the entries that it has ended.
    pub ended: Vec<i64>,
    /// Those that it could not end; they are tried again at the next run.
    pub failed: Vec<i64>,
}

/// How many entries end in one transaction.
const BATCH: u64 = 200;

/// Why they end, in history and events.
const EXPIRED: &str = "expired";

/// How long the timer rests after each look, however often it is woken: under load by each change.
const REST: Duration = Duration::from_millis(50);

impl Store {
    /// Ends all entries whose expiration has come by `time`.
    ///
    /// # Errors
    ///
    /// If the database fails altogether.
    pub async fn expire(&self, time: DateTime<Utc>) -> Result<Expired, DbErr> {
        let mut done = Expired::default();
        loop {
            let due = Condition::all()
                .add(active())
                .add(entry::Column::Expiration.lte(time))
                .add(entry::Column::Id.is_not_in(done.failed.iter().copied()));
            let ended = match self.expire_batch(due.clone(), BATCH).await {
                Ok(ended) => ended,
                Err(error) => {
                    debug!(%error, "a batch could not be ended: each of its entries by itself");
                    self.expire_each(due, &mut done).await?
                }
            };
            if ended.is_empty() {
                break;
            }
            done.ended.extend(ended);
        }
        if !done.ended.is_empty() {
            self.counters.count(|so_far| so_far.expired += done.ended.len() as u64);
            self.wake();
        }
        Ok(done)
    }

    /// Runs the timer for as long as it is polled.
    ///
    /// Something may change the nearest expiration at any time, also by another instance: so it
    /// looks again when it is woken, and after `interval` in any case.
    pub async fn run_timer(&self, interval: Duration) {
        loop {
            match self.expire(now()).await {
                Ok(done) if done.ended.is_empty() => {}
                Ok(done) => debug!(entries = done.ended.len(), "expired"),
                Err(error) => {
                    warn!(%error, "the database failed: expirations wait, and are tried again");
                }
            }
            tokio::time::sleep(REST.min(interval)).await;
            let nap = self.until_nearest(interval).await;
            let _ = tokio::time::timeout(nap, self.expiring()).await;
        }
    }

    /// Returns how long nothing expires, at most `interval`.
    async fn until_nearest(&self, interval: Duration) -> Duration {
        let nearest = self.nearest_expiration().await;
        let Ok(Some(nearest)) = nearest else { return interval };
        // What is due and still there could not be ended: not at once again.
        let due = (nearest - now()).to_std().unwrap_or(Duration::ZERO);
        if due.is_zero() { interval.min(Duration::from_secs(5)) } else { due.min(interval) }
    }

    async fn nearest_expiration(&self) -> Result<Option<DateTime<Utc>>, DbErr> {
        let nearest: Option<Option<DateTime<Utc>>> = entry::Entity::find()
            .select_only()
            .column_as(entry::Column::Expiration.min(), "nearest")
            .filter(active())
            .into_tuple()
            .one(self.database.read())
            .await?;
        Ok(nearest.flatten())
    }

    async fn expire_batch(&self, due: Condition, limit: u64) -> Result<Vec<i64>, DbErr> {
        let transaction = self.database.write().await?;
        let ids = locked(&transaction, due, Some(limit), Others::Skip).await?;
        let change = Change { at: now(), author: "", reason: EXPIRED };
        self.end(&transaction, &ids, change).await?;
        self.commit(transaction).await?;
        Ok(ids)
    }

    /// Ends the entries of the batch that failed, each in a transaction of its own.
    async fn expire_each(&self, due: Condition, done: &mut Expired) -> Result<Vec<i64>, DbErr> {
        let ids: Vec<i64> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(due.clone())
            .limit(BATCH)
            .into_tuple()
            .all(self.database.read())
            .await?;
        let mut ended = Vec::new();
        for id in ids {
            let this = Condition::all().add(due.clone()).add(entry::Column::Id.eq(id));
            match self.expire_batch(this, 1).await {
                Ok(ids) => ended.extend(ids),
                Err(error) => {
                    warn!(entry = id, %error, "an entry could not be ended; the others go on");
                    done.failed.push(id);
                }
            }
        }
        Ok(ended)
    }
}
