//! That a conversation was open until one of its two has left.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE conversation ADD COLUMN is_closed boolean NOT NULL DEFAULT FALSE";
        manager.get_connection().execute_unprepared(column).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE conversation DROP COLUMN is_closed";
        manager.get_connection().execute_unprepared(column).await.map(drop)
    }
}
