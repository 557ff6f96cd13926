//! An application's database: SQLite in a file, or PostgreSQL for several instances.
//!
//! An [`Application`] says what it calls it, and its `Migrator` what is in it. Its migrations are
//! written in SQL that is the same for both databases but for the words of [`in_words_of`].

mod error;
mod held;
mod place;
mod words;

#[cfg(test)]
mod tests;

pub use error::OpenError;
pub use held::Held;
pub use words::in_words_of;

use error::Cause;
use place::{place, warn_if_away};
use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::time::{Duration, Instant};

/// The database, open.
///
/// SQLite lets one connection write: here it is one of its own, for which writers wait in a fair
/// queue, so that none of them is ever told "database is locked".
#[derive(Clone, Debug)]
pub struct Database {
    readers: DatabaseConnection,
    writers: DatabaseConnection,
}

/// Whose database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// What its files are called: `scram`.
    pub name: &'static str,
    /// The variable of the environment that holds the URL: `SCRAM_DATABASE_URL`.
    pub variable: &'static str,
    /// Which of PostgreSQL's advisory locks means "I am changing the schema".
    pub migration_lock: i64,
}

/// How long PostgreSQL is waited for at the start, and SQLite for what another process has locked.
const WAIT: Duration = Duration::from_secs(30);

/// How long a statement waits for a connection to PostgreSQL: while that is away, who asks is told so.
const CONNECTION_WITHIN: Duration = Duration::from_secs(5);

impl Database {
    /// Opens the database of an application, with at most so many connections, and brings its tables
    /// up to date as `M` says.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what to do.
    pub async fn open<M: MigratorTrait>(
        application: &Application,
        url: &str,
        connections: u32,
    ) -> Result<Database, OpenError> {
        let failed = |cause| OpenError { application: *application, cause };
        let database = if url.starts_with("sqlite:") {
            Database::open_sqlite(url, connections).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            warn_if_away(application, url).await;
            let pool = connect_to_postgres(url, connections).await;
            pool.map(|pool| Database { readers: pool.clone(), writers: pool })
        } else {
            return Err(failed(Cause::Scheme));
        };
        let database =
            database.map_err(|error| failed(Cause::Unreachable(place(application, url), error)))?;
        let migrated = database.migrate::<M>(application.migration_lock).await;
        migrated.map_err(|error| failed(Cause::Migration(error)))?;
        Ok(database)
    }

    async fn open_sqlite(url: &str, connections: u32) -> Result<Database, DbErr> {
        let open = |connections| {
            let mut options = options(url, connections, WAIT);
            options.map_sqlx_sqlite_opts(in_our_way);
            sea_orm::Database::connect(options)
        };
        // The writer first: it makes the file.
        let writers = open(1).await?;
        Ok(Database { readers: open(connections).await?, writers })
    }

    async fn migrate<M: MigratorTrait>(&self, lock: i64) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return self.bring_up_to_date::<M>().await;
        }
        // Instances that start together must not do it together.
        let locked = self.writers.begin().await?;
        locked.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({lock})")).await?;
        self.bring_up_to_date::<M>().await?;
        locked.commit().await
    }

    async fn bring_up_to_date<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        let changes = M::get_pending_migrations(&self.writers).await?.len();
        M::up(&self.writers, None).await?;
        if changes == M::migrations().len() {
            tracing::info!("the database was empty: the tables were made");
        } else if changes > 0 {
            tracing::info!(changes, "the tables were brought up to date");
        }
        Ok(())
    }

    /// Returns where to read.
    pub fn read(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// Returns where single statements write, in the same queue as [`write`](Self::write).
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writers
    }

    /// Begins to write: what is done with the transaction is done at its commit, or not at all.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn write(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            // A transaction that first reads could not wait for its turn to write later.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writers.begin_with_options(options).await
    }

    /// Returns which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.readers.get_database_backend()
    }

    /// Ends all connections, when those who use them are done.
    ///
    /// # Errors
    ///
    /// If the database does not let go.
    pub async fn close(self) -> Result<(), DbErr> {
        self.readers.close().await?;
        self.writers.close().await
    }
}

/// Waits longer for a server that is only starting than a statement does later.
async fn connect_to_postgres(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let until = Instant::now() + WAIT;
    loop {
        match sea_orm::Database::connect(options(url, connections, CONNECTION_WITHIN)).await {
            Err(error) if has_waited(&error) && Instant::now() < until => {}
            connected => return connected,
        }
    }
}

/// Tells a server that did not answer in time from one that has refused.
fn has_waited(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error)) => matches!(**error, sqlx::Error::PoolTimedOut),
        _ => false,
    }
}

fn options(url: &str, connections: u32, within: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(within).sqlx_logging(false);
    // A connection that has broken is noticed by the statement; asking before each costs a turn.
    options.test_before_acquire(false);
    options
}

fn in_our_way(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was answered for must also outlive a loss of power.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        .foreign_keys(true)
        // What is deleted is not left in the file.
        .pragma("secure_delete", "ON")
}
