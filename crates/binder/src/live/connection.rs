//! The database as a connection of SeaORM's.

use super::transaction::run;
use super::watch::{Rows as _, Writes};
use super::{LiveDb, LiveTransaction};
use crate::Pending;
use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult,
    Statement, TransactionError, TransactionOptions, TransactionSession as _, TransactionTrait,
};
use std::pin::Pin;

impl LiveDb {
    /// Tells what a statement has written that is a transaction by itself.
    fn written(&self, writes: &Writes<'_>, rows: u64) {
        let mut pending = Pending::new();
        writes.note(rows, &mut pending);
        self.tell(pending);
    }

    /// Begins a transaction for one statement that is to write down with it what is to be told.
    async fn around(&self) -> Result<Option<LiveTransaction>, DbErr> {
        match self.0.outbox {
            Some(_) => self.begin().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Runs a statement on the database and tells at once what it has written; or, with an outbox, in a
/// transaction of its own, which writes that down with it.
macro_rules! told {
    ($live:ident, $sql:expr, |$on:ident| $run:expr) => {{
        let Some(writes) = $live.0.watch.writes($sql) else {
            let $on = $live.inner();
            return $run;
        };
        if let Some(transaction) = $live.around().await? {
            let $on = &transaction;
            let result = $run?;
            return transaction.commit().await.map(|()| result);
        }
        let $on = $live.inner();
        let result = $run?;
        $live.written(&writes, result.rows());
        Ok(result)
    }};
}

#[async_trait]
impl ConnectionTrait for LiveDb {
    fn get_database_backend(&self) -> DbBackend {
        self.inner().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        told!(self, &statement.sql, |on| on.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        told!(self, sql, |on| on.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        told!(self, &statement.sql, |on| on.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        told!(self, &statement.sql, |on| on.query_all_raw(statement).await)
    }

    fn support_returning(&self) -> bool {
        self.inner().support_returning()
    }

    fn is_mock_connection(&self) -> bool {
        self.inner().is_mock_connection()
    }
}

#[async_trait]
impl TransactionTrait for LiveDb {
    type Transaction = LiveTransaction;

    async fn begin(&self) -> Result<LiveTransaction, DbErr> {
        Ok(LiveTransaction::outer(self.clone(), self.inner().begin().await?))
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<LiveTransaction, DbErr> {
        let transaction = self.inner().begin_with_config(isolation_level, access_mode).await?;
        Ok(LiveTransaction::outer(self.clone(), transaction))
    }

    async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<LiveTransaction, DbErr> {
        let transaction = self.inner().begin_with_options(options).await?;
        Ok(LiveTransaction::outer(self.clone(), transaction))
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(
                &'c LiveTransaction,
            ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: std::fmt::Display + std::fmt::Debug + Send,
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
        E: std::fmt::Display + std::fmt::Debug + Send,
    {
        run(self.begin_with_config(isolation_level, access_mode).await, callback).await
    }
}
