//! PostgreSQL's own word of what was written: by whomever, and by whatever program.
//!
//! A trigger of the database's on each watched table notifies with the transaction: it is heard when
//! that is committed, never when it is not, and once however much was written. Rows deleted along with
//! others are seen, and what Django or `psql` writes.
//!
//! ```no_run
//! use campanile_binder::postgres::{self, Notifications};
//! use campanile_binder::Publisher;
//!
//! # async fn run(pool: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error>> {
//! // Once, best in a migration:
//! for statement in postgres::watch("country", "country") {
//!     sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
//! }
//! // In the server; all that may have been missed is told whenever it listens again.
//! let publisher = Publisher::builder().start()?;
//! let notifications = Notifications::listen(pool, publisher, ["country"]).await?;
//! tokio::spawn(notifications.run());
//! # Ok(())
//! # }
//! ```

use crate::{Publish, Trigger};
use sqlx::postgres::{PgListener, PgPool};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The channel of PostgreSQL's that it is told on.
pub const CHANNEL: &str = "campanile_auto_updates";

/// PostgreSQL's limit for what a notification says is 8,000 bytes; a name is short.
const NAME_BYTES_MAX: usize = 255;

/// So long after a failure it is tried again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Returns the statements after which writes to a table are told under a name.
///
/// They may be executed again, also for another name. The table may be `schema.table`.
pub fn watch(table: &str, name: &str) -> [String; 3] {
    let table = table.split('.').map(identifier).collect::<Vec<_>>().join(".");
    let name = literal(name);
    [
        format!(
            "CREATE OR REPLACE FUNCTION campanile_tell() RETURNS trigger LANGUAGE plpgsql AS \
             $campanile$ BEGIN PERFORM pg_notify('{CHANNEL}', TG_ARGV[0]); RETURN NULL; END \
             $campanile$"
        ),
        unwatch_quoted(&table),
        format!(
            "CREATE TRIGGER campanile_tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION campanile_tell({name})"
        ),
    ]
}

/// Returns the statement after which writes to a table are told no more.
pub fn unwatch(table: &str) -> String {
    unwatch_quoted(&table.split('.').map(identifier).collect::<Vec<_>>().join("."))
}

fn unwatch_quoted(table: &str) -> String {
    format!("DROP TRIGGER IF EXISTS campanile_tell ON {table}")
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Two backslashes have another meaning only in texts that begin with `E`.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Listens to what PostgreSQL tells, and passes it on.
pub struct Notifications {
    pool: PgPool,
    listener: Option<PgListener>,
    publisher: Arc<dyn Publish>,
    names: Vec<String>,
}

impl Notifications {
    /// Begins to listen. `names` are all that may be told: they are told once whenever something may
    /// have been missed, and so at the beginning, too.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn listen(
        pool: PgPool,
        publisher: impl Publish + 'static,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Notifications, sqlx::Error> {
        let listener = Some(listen(&pool).await?);
        let names = names.into_iter().map(Into::into).collect();
        Ok(Notifications { pool, listener, publisher: Arc::new(publisher), names })
    }

    /// Passes on what is told, for as long as the pool is open.
    pub async fn run(mut self) {
        self.tell_all();
        while !self.pool.is_closed() {
            let Some(listener) = &mut self.listener else {
                self.listen_again().await;
                continue;
            };
            match listener.try_recv().await {
                Ok(Some(notification)) => self.told(notification.payload()),
                // The connection is lost; whatever was told meanwhile is.
                Ok(None) => self.listener = None,
                Err(error) => {
                    tracing::warn!(%error, "PostgreSQL is not heard: it is tried again");
                    self.listener = None;
                }
            }
        }
    }

    async fn listen_again(&mut self) {
        match listen(&self.pool).await {
            Ok(listener) => {
                self.listener = Some(listener);
                self.tell_all();
            }
            Err(error) => {
                tracing::warn!(%error, "PostgreSQL is not heard: it is tried again");
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }

    fn tell_all(&self) {
        for name in &self.names {
            self.publisher.publish(Trigger::auto_update(name));
        }
    }

    fn told(&self, name: &str) {
        if name.len() <= NAME_BYTES_MAX {
            self.publisher.publish(Trigger::auto_update(name));
        } else {
            tracing::warn!(bytes = name.len(), "what PostgreSQL tells is no name: left out");
        }
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

impl fmt::Debug for Notifications {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Notifications").field("names", &self.names).finish_non_exhaustive()
    }
}
