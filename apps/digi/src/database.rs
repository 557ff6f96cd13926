//! DIGI's database.

use crate::migrations::Migrator;
use campanile_database::Application;
pub use campanile_database::{Database, Held, OpenError};

const DIGI: Application = Application {
    name: "digi",
    variable: "DIGI_DATABASE_URL",
    // "DIGI" in ASCII.
    migration_lock: 0x44_49_47_49,
};

/// Opens the database, with at most so many connections, and brings its tables up to date.
///
/// # Errors
///
/// [`OpenError`] says what to do.
pub async fn open(url: &str, connections: u32) -> Result<Database, OpenError> {
    Database::open::<Migrator>(&DIGI, url, connections).await
}
