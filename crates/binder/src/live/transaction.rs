//! A transaction that tells when it is committed what it has touched.

use super::LiveDb;
use super::watch::{Rows as _, Watch, Writes};
use crate::{Pending, Trigger};
use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult,
    IsolationLevel, QueryResult, Statement, TransactionError, TransactionOptions,
    TransactionSession, TransactionTrait,
};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A transaction that tells when it is committed what it has touched.
///
/// One within another passes that on to the outer one; of one that is rolled back, or dropped, nothing
/// is told.
pub struct LiveTransaction {
    live: LiveDb,
    transaction: DatabaseTransaction,
    pending: Arc<Mutex<Pending>>,
    /// What the outer transaction is to tell.
    outer: Option<Arc<Mutex<Pending>>>,
}

impl LiveTransaction {
    pub(super) fn outer(live: LiveDb, transaction: DatabaseTransaction) -> LiveTransaction {
        LiveTransaction { live, transaction, pending: Arc::default(), outer: None }
    }

    fn within(&self, transaction: DatabaseTransaction) -> LiveTransaction {
        let (live, outer) = (self.live.clone(), Some(Arc::clone(&self.pending)));
        LiveTransaction { live, transaction, pending: Arc::default(), outer }
    }

    /// Returns the transaction itself: what is written to that is not told.
    pub fn inner(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Tells everybody something when this transaction is committed.
    pub fn publish(&self, trigger: Trigger) {
        self.pending().publish(trigger);
    }

    /// Tells everybody to look again at this kind of things, though none was saved, when this
    /// transaction is committed.
    pub fn push_default_update<E: EntityTrait>(&self) {
        for name in self.watch().names(E::default().table_name()) {
            self.pending().touch(&name);
        }
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        lock(&self.pending)
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.live.0.watch
    }

    fn writes(&self, statement: &str) -> Option<Writes<'_>> {
        self.watch().writes(statement)
    }

    fn written(&self, writes: Option<Writes<'_>>, rows: u64) {
        if let Some(writes) = writes {
            writes.note(rows, &mut self.pending());
        }
    }
}

#[async_trait]
impl TransactionSession for LiveTransaction {
    async fn commit(self) -> Result<(), DbErr> {
        let LiveTransaction { live, transaction, pending, outer } = self;
        let pending = std::mem::take(&mut *lock(&pending));
        match (outer, &live.0.outbox) {
            (Some(outer), _) => {
                transaction.commit().await?;
                lock(&outer).merge(pending);
            }
            (None, Some(outbox)) if !pending.is_empty() => {
                outbox.write(&transaction, pending).await?;
                transaction.commit().await?;
                outbox.wake();
            }
            (None, _) => {
                transaction.commit().await?;
                live.tell(pending);
            }
        }
        Ok(())
    }

    async fn rollback(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }
}

#[async_trait]
impl ConnectionTrait for LiveTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let writes = self.writes(&statement.sql);
        let result = self.transaction.execute_raw(statement).await?;
        self.written(writes, result.rows());
        Ok(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let result = self.transaction.execute_unprepared(sql).await?;
        self.written(self.writes(sql), result.rows());
        Ok(result)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let writes = self.writes(&statement.sql);
        let row = self.transaction.query_one_raw(statement).await?;
        self.written(writes, row.rows());
        Ok(row)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let writes = self.writes(&statement.sql);
        let rows = self.transaction.query_all_raw(statement).await?;
        self.written(writes, rows.rows());
        Ok(rows)
    }

    fn support_returning(&self) -> bool {
        self.transaction.support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.transaction.is_mock_connection()
    }
}

#[async_trait]
impl TransactionTrait for LiveTransaction {
    type Transaction = LiveTransaction;

    async fn begin(&self) -> Result<LiveTransaction, DbErr> {
        Ok(self.within(self.transaction.begin().await?))
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<LiveTransaction, DbErr> {
        Ok(self.within(self.transaction.begin_with_config(isolation_level, access_mode).await?))
    }

    async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<LiveTransaction, DbErr> {
        Ok(self.within(self.transaction.begin_with_options(options).await?))
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c LiveTransaction,
            ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        run(self.begin().await, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c LiveTransaction,
            ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: fmt::Display + fmt::Debug + Send,
    {
        run(self.begin_with_config(isolation_level, access_mode).await, callback).await
    }
}

/// Runs something in a transaction, which is committed if that succeeds.
pub(super) async fn run<F, T, E>(
    begun: Result<LiveTransaction, DbErr>,
    callback: F,
) -> Result<T, TransactionError<E>>
where
    F: for<'c> FnOnce(
        &'c LiveTransaction,
    ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>,
    E: fmt::Display + fmt::Debug,
{
    let transaction = begun.map_err(TransactionError::Connection)?;
    match callback(&transaction).await {
        Ok(result) => {
            transaction.commit().await.map_err(TransactionError::Connection)?;
            Ok(result)
        }
        Err(error) => {
            transaction.rollback().await.map_err(TransactionError::Connection)?;
            Err(TransactionError::Transaction(error))
        }
    }
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for LiveTransaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveTransaction").field("pending", &self.pending()).finish()
    }
}
