//! The tables' history: each change of the schema, in order.

mod m20261121_000001_foundation;
mod m20261121_000002_translator_tokens;

use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

/// All changes of the schema: of the accounts, and of this application.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = campanile_accounts::migrations();
        migrations.push(Box::new(m20261121_000001_foundation::Migration));
        migrations.push(Box::new(m20261121_000002_translator_tokens::Migration));
        migrations
    }
}

/// Puts a database's own names for types in the place of those in brackets.
fn in_words_of(backend: DbBackend, statement: &str) -> String {
    let postgres = backend == DbBackend::Postgres;
    let words = [
        ("[id]", "bigserial PRIMARY KEY", "integer PRIMARY KEY AUTOINCREMENT"),
        ("[bytes]", "bytea", "blob"),
        ("[time]", "timestamp with time zone", "timestamp_with_timezone_text"),
        ("[json]", "jsonb", "jsonb_text"),
        ("[uuid]", "uuid", "uuid_text"),
    ];
    words.iter().fold(statement.to_owned(), |text, (word, in_postgres, in_sqlite)| {
        text.replace(word, if postgres { in_postgres } else { in_sqlite })
    })
}
