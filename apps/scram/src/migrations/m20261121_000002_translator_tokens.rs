//! By which translators are known.

use campanile_database::in_words_of;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = connection.get_database_backend();
        for statement in TABLES {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP TABLE translator_token_action_type").await?;
        connection.execute_unprepared("DROP TABLE translator_token").await?;
        Ok(())
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE translator_token (id [id], name varchar(50) NOT NULL UNIQUE,
        token_hash char(64) NOT NULL UNIQUE, created_at [time] NOT NULL, last_used_at [time])",
    "CREATE TABLE translator_token_action_type (
        token_id bigint NOT NULL REFERENCES translator_token (id) ON DELETE CASCADE,
        action_type_id bigint NOT NULL REFERENCES action_type (id) ON DELETE CASCADE,
        PRIMARY KEY (token_id, action_type_id))",
];
