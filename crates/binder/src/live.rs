//! A push when something is saved with SeaORM.
//!
//! What was written is seen at the connection, where all comes by: single rows, many at once, and raw
//! SQL. It is told when the transaction is committed, and never when it is not. Once in a transaction
//! and kind: whoever is told looks again, once.
//!
//! ```
//! use campanile_binder::live::LiveDb;
//! use campanile_binder::{Publish, Trigger};
//! use sea_orm::entity::prelude::*;
//! use sea_orm::{Database, Set, TransactionSession as _, TransactionTrait as _};
//! # use std::sync::{Arc, Mutex};
//! #
//! # mod country {
//! #     use sea_orm::entity::prelude::*;
//! #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
//! #     #[sea_orm(table_name = "country")]
//! #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub name: String }
//! #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//! #     pub enum Relation {}
//! #     impl ActiveModelBehavior for ActiveModel {}
//! # }
//! #[derive(Clone, Default)]
//! struct Heard(Arc<Mutex<Vec<Trigger>>>); // in earnest: a `Publisher`
//!
//! impl Publish for Heard {
//!     fn publish(&self, trigger: Trigger) {
//!         self.0.lock().unwrap().push(trigger);
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let heard = Heard::default();
//! let database = Database::connect("sqlite::memory:").await?;
//! # database.execute_unprepared("CREATE TABLE country (id INTEGER PRIMARY KEY, name TEXT)").await?;
//! let db = LiveDb::wrap(database, heard.clone()).watch::<country::Entity>().build();
//!
//! // As always, with `db` for the database: told at once.
//! let country = country::ActiveModel { name: Set("Belgium".to_owned()), ..Default::default() };
//! country.insert(&db).await?;
//! assert_eq!(heard.0.lock().unwrap().drain(..).count(), 1);
//!
//! // Told once, when all of it is committed.
//! let transaction = db.begin().await?;
//! for name in ["Denmark", "Norway", "Sweden"] {
//!     let country = country::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
//!     country.insert(&transaction).await?;
//! }
//! assert_eq!(heard.0.lock().unwrap().len(), 0);
//! transaction.commit().await?;
//! assert_eq!(*heard.0.lock().unwrap(), [Trigger::auto_update("country")]);
//! # Ok(())
//! # }
//! ```
//!
//! Only what goes through the wrapper is seen: neither what other programs write, nor what the database
//! does by itself, such as rows deleted along with others ([`watch_also`](Builder::watch_also)). On
//! PostgreSQL, [`postgres`](crate::postgres) sees all of that.

mod connection;
mod outbox;
mod rows;
mod transaction;
mod watch;

pub use outbox::Outbox;
pub use rows::LiveActiveModel;
pub use transaction::LiveTransaction;

use crate::{Pending, Publish, Trigger};
use sea_orm::{DatabaseConnection, EntityTrait};
use std::fmt;
use std::sync::Arc;
use watch::Watch;

/// A database whose writes are told. Clones are the same.
#[derive(Clone)]
pub struct LiveDb(Arc<Inner>);

struct Inner {
    database: DatabaseConnection,
    watch: Watch,
    publisher: Arc<dyn Publish>,
    outbox: Option<Outbox>,
}

/// How a [`LiveDb`] is to be.
pub struct Builder {
    database: DatabaseConnection,
    watch: Watch,
    publisher: Arc<dyn Publish>,
    outbox: Option<Outbox>,
}

impl LiveDb {
    /// Begins to wrap a database; what is written is told by `publisher`.
    pub fn wrap(database: DatabaseConnection, publisher: impl Publish + 'static) -> Builder {
        let (publisher, watch) = (Arc::new(publisher), Watch::default());
        Builder { database, watch, publisher, outbox: None }
    }

    /// Returns the database itself: what is written to that is not told.
    pub fn inner(&self) -> &DatabaseConnection {
        &self.0.database
    }

    /// Tells everybody something, at once. In a transaction, [`LiveTransaction::publish`] tells it when
    /// that is committed.
    pub fn publish(&self, trigger: Trigger) {
        self.0.publisher.publish(trigger);
    }

    /// Tells everybody to look again at this kind of things, though none was saved.
    pub fn push_default_update<E: EntityTrait>(&self) {
        for name in self.0.watch.names(E::default().table_name()) {
            self.publish(Trigger::auto_update(&name));
        }
    }

    /// Tells all that a committed transaction has touched.
    fn tell(&self, pending: Pending) {
        for trigger in pending.into_triggers() {
            self.publish(trigger);
        }
    }
}

impl Builder {
    /// Tells of what is written to an entity's table, under the table's name.
    #[must_use]
    pub fn watch<E: EntityTrait>(self) -> Builder {
        let name = E::default().table_name().to_owned();
        self.watch_as::<E>(&name)
    }

    /// Tells of what is written to an entity's table, under this name: such as that of a class of
    /// django-binder's ([`resource_name`](crate::resource_name)).
    #[must_use]
    pub fn watch_as<E: EntityTrait>(mut self, name: &str) -> Builder {
        self.watch.add(E::default().table_name(), name);
        self
    }

    /// Tells of what is written to an entity's table also under the name of another's, which is
    /// watched, too: that has rows which the database deletes along.
    #[must_use]
    pub fn watch_also<E: EntityTrait, Along: EntityTrait>(mut self) -> Builder {
        self.watch.add_along(E::default().table_name(), Along::default().table_name());
        self
    }

    /// Tells of what is written to any table, under the table's name where no other is said.
    #[must_use]
    pub fn watch_all(mut self) -> Builder {
        self.watch.all();
        self
    }

    /// Tells also which rows were written, in the room `{"detailed-auto-updates": NAME}`, as
    /// `{"op": "insert", "id": 1}`; `{"op": "bulk"}` where nobody knows which: see [`LiveActiveModel`].
    #[must_use]
    pub fn detailed(mut self) -> Builder {
        self.watch.detailed();
        self
    }

    /// Writes down in the same transaction what is to be told, so that it is told even if the process
    /// dies after the commit.
    #[must_use]
    pub fn outbox(mut self, outbox: Outbox) -> Builder {
        self.outbox = Some(outbox);
        self
    }

    /// Wraps the database. With an [`Outbox`], to be called within tokio's runtime.
    pub fn build(self) -> LiveDb {
        let Builder { database, watch, publisher, outbox } = self;
        if let Some(outbox) = &outbox {
            outbox.start(&database, &publisher);
        }
        LiveDb(Arc::new(Inner { database, watch, publisher, outbox }))
    }
}

impl fmt::Debug for LiveDb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LiveDb").field("watch", &self.0.watch).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("watch", &self.watch).finish_non_exhaustive()
    }
}
