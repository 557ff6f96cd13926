//! The tables' history: each change of the schema, in order.

mod m20261121_000001_foundation;
mod m20261121_000002_presence;
mod m20261121_000003_closed;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

/// All changes of the schema: of the accounts, and of this application.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = campanile_accounts::migrations();
        migrations.push(Box::new(m20261121_000001_foundation::Migration));
        migrations.push(Box::new(m20261121_000002_presence::Migration));
        migrations.push(Box::new(m20261121_000003_closed::Migration));
        migrations
    }
}
