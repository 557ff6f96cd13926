//! SCRAM's database.

use crate::migrations::Migrator;
use campanile_database::Application;
pub use campanile_database::{Database, Held, OpenError};

const SCRAM: Application = Application {
    name: "scram",
    variable: "SCRAM_DATABASE_URL",
    // "SCRAM" in ASCII.
    migration_lock: 0x53_43_52_41_4d,
};

/// Opens the database, with at most so many connections, and brings its tables up to date.
///
/// # Errors
///
/// [`OpenError`] says what to do.
pub async fn open(url: &str, connections: u32) -> Result<Database, OpenError> {
    Database::open::<Migrator>(&SCRAM, url, connections).await
}
