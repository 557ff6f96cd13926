//! A push when a transaction of sqlx's has touched something.
//!
//! sqlx sees texts of SQL and no tables, so a transaction is told what it touches.
//!
//! ```no_run
//! use campanile_binder::{Live, LivePool, Publisher};
//!
//! struct Country;
//!
//! impl Live for Country {
//!     const NAME: &'static str = "country";
//! }
//!
//! # async fn run(pool: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error>> {
//! let live = LivePool::new(pool, Publisher::builder().start()?);
//! let mut transaction = live.begin().await?;
//! sqlx::query("UPDATE country SET name = 'Belgium'").execute(&mut *transaction).await?;
//! transaction.touch::<Country>();
//! transaction.commit().await?; // and everybody is told to look again
//! # Ok(())
//! # }
//! ```

use crate::{Live, Pending, Publish, Trigger};
use sqlx::{Connection as _, Database, Error, Pool, Transaction};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A pool of sqlx's whose transactions tell what they have touched. Clones are the same.
pub struct LivePool<DB: Database> {
    pool: Pool<DB>,
    publisher: Arc<dyn Publish>,
}

/// A transaction that tells when it is committed what it has touched. It is the connection, too.
///
/// One within another passes that on to the outer one; of one that is rolled back, or dropped, nothing
/// is told.
pub struct LiveTx<'c, DB: Database> {
    transaction: Transaction<'c, DB>,
    pending: Pending,
    to: To<'c>,
}

/// Who is told at the commit.
enum To<'c> {
    Everybody(Arc<dyn Publish>),
    Outer(&'c mut Pending),
}

impl<DB: Database> LivePool<DB> {
    /// Wraps a pool; what is touched is told by `publisher`.
    pub fn new(pool: Pool<DB>, publisher: impl Publish + 'static) -> LivePool<DB> {
        LivePool { pool, publisher: Arc::new(publisher) }
    }

    /// Returns the pool itself.
    pub fn inner(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn begin(&self) -> Result<LiveTx<'static, DB>, Error> {
        let transaction = self.pool.begin().await?;
        let to = To::Everybody(Arc::clone(&self.publisher));
        Ok(LiveTx { transaction, pending: Pending::new(), to })
    }

    /// Tells everybody to look again at this kind of things, at once.
    pub fn push_default_update<L: Live>(&self) {
        self.publisher.publish(Trigger::auto_update(L::NAME));
    }
}

impl<DB: Database> LiveTx<'_, DB> {
    /// Takes note that something of this kind is saved.
    pub fn touch<L: Live>(&mut self) {
        self.touch_name(L::NAME);
    }

    /// Takes note that something of this name is saved.
    pub fn touch_name(&mut self, name: &str) {
        self.pending.touch(name);
    }

    /// Tells everybody something when this is committed.
    pub fn publish(&mut self, trigger: Trigger) {
        self.pending.publish(trigger);
    }

    /// Begins a transaction within this one.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn begin(&mut self) -> Result<LiveTx<'_, DB>, Error> {
        let transaction = self.transaction.begin().await?;
        Ok(LiveTx { transaction, pending: Pending::new(), to: To::Outer(&mut self.pending) })
    }

    /// Commits it, and then tells what it has touched.
    ///
    /// # Errors
    ///
    /// Those of the database; nothing is told then.
    pub async fn commit(self) -> Result<(), Error> {
        let LiveTx { transaction, pending, to } = self;
        transaction.commit().await?;
        match to {
            To::Outer(outer) => outer.merge(pending),
            To::Everybody(publisher) => {
                for trigger in pending.into_triggers() {
                    publisher.publish(trigger);
                }
            }
        }
        Ok(())
    }

    /// Takes back what it has written; nothing is told.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn rollback(self) -> Result<(), Error> {
        self.transaction.rollback().await
    }
}

impl<DB: Database> Deref for LiveTx<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.transaction
    }
}

impl<DB: Database> DerefMut for LiveTx<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.transaction
    }
}

impl<DB: Database> Clone for LivePool<DB> {
    fn clone(&self) -> LivePool<DB> {
        LivePool { pool: self.pool.clone(), publisher: Arc::clone(&self.publisher) }
    }
}

impl<DB: Database> fmt::Debug for LivePool<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LivePool").finish_non_exhaustive()
    }
}

impl<DB: Database> fmt::Debug for LiveTx<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveTx").field("pending", &self.pending).finish_non_exhaustive()
    }
}
