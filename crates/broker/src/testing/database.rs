//! A database of a test's own.

use super::{Folder, Postgres};

/// A database of a test's own, which ends with it.
#[derive(Debug)]
pub struct Database {
    /// Where it is.
    pub url: String,
    _folder: Option<Folder>,
    _server: Option<Postgres>,
}

impl Database {
    /// Returns the place of a file of SQLite, which is not there yet.
    ///
    /// # Panics
    ///
    /// If its folder cannot be made.
    pub fn sqlite(name: &str) -> Database {
        let folder = Folder::new(name);
        let url = format!("sqlite://{}/{name}.db", folder.path().display());
        Database { url, _folder: Some(folder), _server: None }
    }

    /// Starts a PostgreSQL with an empty database; none if it is not installed.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn postgres(name: &str) -> Option<Database> {
        let server = Postgres::start()?;
        Some(Database { url: server.database(name), _folder: None, _server: Some(server) })
    }
}

/// Runs scenarios on both databases: functions that take a `crate::world::World`, which has the
/// constructors `sqlite()` and `postgres()`; the latter returns none where PostgreSQL is not installed.
#[macro_export]
#[expect(clippy::crate_in_macro_def, reason = "the world is that of the tests that call it")]
macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::world::World::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let Some(world) = crate::world::World::postgres() else { return };
                super::$scenario(world).await;
            })*
        }
    };
}
