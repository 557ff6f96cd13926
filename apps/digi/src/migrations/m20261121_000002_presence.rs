//! Who is here, at which process.

use campanile_database::in_words_of;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = connection.get_database_backend();
        for statement in STATEMENTS {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP TABLE presence").await?;
        connection.execute_unprepared("DROP TABLE process").await?;
        Ok(())
    }
}

const STATEMENTS: &[&str] = &[
    "CREATE TABLE process (instance varchar(255) PRIMARY KEY, beat [time] NOT NULL)",
    "CREATE TABLE presence (user_id bigint NOT NULL REFERENCES account_user (id),
        instance varchar(255) NOT NULL, is_here boolean NOT NULL, seen [time] NOT NULL,
        PRIMARY KEY (user_id, instance))",
    "CREATE INDEX presence_here ON presence (instance) WHERE is_here",
];
