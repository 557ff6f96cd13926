//! The database: SQLite in a file, or PostgreSQL for several instances.

use crate::migrations::Migrator;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection as _, Error};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::fmt;
use std::time::Duration;
use url::Url;

/// The database, open.
///
/// SQLite lets one connection write: here it is one of its own, for which writers wait in a fair
/// queue, so that none of them is ever told "database is locked".
#[derive(Clone, Debug)]
pub struct Database {
    readers: DatabaseConnection,
    writers: DatabaseConnection,
}

/// Why the database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The URL is neither `sqlite:` nor `postgres:`.
    Scheme,
    /// It cannot be reached or read; says where it should be, without a password, and why.
    Unreachable(String, DbErr),
    /// Its tables could not be brought up to date.
    Migration(DbErr),
}

/// How long a statement waits for a connection, or for what another process has locked.
const WAIT: Duration = Duration::from_secs(30);

/// How long the first attempt to connect may take before it is said that it takes long.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// Which of PostgreSQL's advisory locks means "I am changing the schema": "SCRAM" in ASCII.
const MIGRATION_LOCK: i64 = 0x53_43_52_41_4d;

impl Database {
    /// Opens the database, with at most so many connections, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what to do.
    pub async fn open(url: &str, connections: u32) -> Result<Database, OpenError> {
        let database = if url.starts_with("sqlite:") {
            Database::open_sqlite(url, connections).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            warn_if_away(url).await;
            let pool = sea_orm::Database::connect(options(url, connections)).await;
            pool.map(|pool| Database { readers: pool.clone(), writers: pool })
        } else {
            return Err(OpenError::Scheme);
        };
        let database = database.map_err(|error| OpenError::Unreachable(place(url), error))?;
        database.migrate().await.map_err(OpenError::Migration)?;
        Ok(database)
    }

    async fn open_sqlite(url: &str, connections: u32) -> Result<Database, DbErr> {
        let open = |connections| {
            let mut options = options(url, connections);
            options.map_sqlx_sqlite_opts(in_our_way);
            sea_orm::Database::connect(options)
        };
        // The writer first: it makes the file.
        let writers = open(1).await?;
        Ok(Database { readers: open(connections).await?, writers })
    }

    async fn migrate(&self) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return self.bring_up_to_date().await;
        }
        // Instances that start together must not do it together.
        let lock = self.writers.begin().await?;
        let statement = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
        lock.execute_unprepared(&statement).await?;
        self.bring_up_to_date().await?;
        lock.commit().await
    }

    async fn bring_up_to_date(&self) -> Result<(), DbErr> {
        let changes = Migrator::get_pending_migrations(&self.writers).await?.len();
        Migrator::up(&self.writers, None).await?;
        if changes == Migrator::migrations().len() {
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

/// Says at once why PostgreSQL cannot be reached: the pool tries in silence until its time is up, and
/// then only knows that it is.
async fn warn_if_away(url: &str) {
    match tokio::time::timeout(FIRST_TRY, PgConnection::connect(url)).await {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(Error::Io(error))) => {
            tracing::warn!(%error, at = place(url), "PostgreSQL is not there yet: trying for {WAIT:?}");
        }
        // The pool does not try that again, and says why.
        Ok(Err(_)) => {}
        Err(_) => {
            tracing::warn!(at = place(url), "PostgreSQL does not answer yet: trying for {WAIT:?}");
        }
    }
}

/// Returns where a database is, without who asks for it, nor by which password.
fn place(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
        }
        Ok(url) => url.path().to_owned(),
        Err(_) => "SCRAM_DATABASE_URL".to_owned(),
    }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(WAIT).sqlx_logging(false);
    // A connection that has broken is noticed by the statement; asking before each costs a turn.
    options.test_before_acquire(false);
    options
}

fn in_our_way(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A block that was answered for must also outlive a loss of power.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        .foreign_keys(true)
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Scheme => formatter.write_str(
                "SCRAM_DATABASE_URL is neither sqlite: nor postgres:. Write \
                 sqlite:///var/lib/scram/scram.db or postgres://user:password@host/name.",
            ),
            OpenError::Unreachable(place, error) => write!(
                formatter,
                "The database {place} could not be opened ({error}). Is SCRAM_DATABASE_URL right, \
                 does the server run, and may this user read and write there?"
            ),
            OpenError::Migration(error) => write!(
                formatter,
                "The tables could not be brought up to date ({error}). Nothing was lost. Has a \
                 newer version written them, or may this user not change them?"
            ),
        }
    }
}

impl std::error::Error for OpenError {}
