//! Conversations, their messages, and what is told of them.

use campanile_database::in_words_of;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = connection.get_database_backend();
        for statement in TABLES.iter().chain(INDEXES) {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in TABLES.iter().rev() {
            let name = table.split_whitespace().nth(2).expect("it begins with CREATE TABLE name");
            connection.execute_unprepared(&format!("DROP TABLE {name}")).await?;
        }
        Ok(())
    }
}

const TABLES: &[&str] = &[
    // A user whose account ends is made inactive: the row stays, for the other's history.
    "CREATE TABLE conversation (id [id],
        user_a bigint NOT NULL REFERENCES account_user (id),
        user_b bigint NOT NULL REFERENCES account_user (id),
        requested_by bigint NOT NULL, state varchar(8) NOT NULL
            CHECK (state IN ('pending', 'accepted', 'declined')),
        blocked_by bigint, created [time] NOT NULL, active [time] NOT NULL,
        last_seq bigint NOT NULL DEFAULT 0,
        CHECK (user_a < user_b), UNIQUE (user_a, user_b))",
    "CREATE TABLE member (user_id bigint NOT NULL REFERENCES account_user (id),
        conversation_id bigint NOT NULL REFERENCES conversation (id),
        last_read_seq bigint NOT NULL DEFAULT 0, has_left boolean NOT NULL DEFAULT FALSE,
        PRIMARY KEY (user_id, conversation_id))",
    "CREATE TABLE chat_message (id [id],
        conversation_id bigint NOT NULL REFERENCES conversation (id),
        sender_id bigint NOT NULL, body text NOT NULL, folded text NOT NULL, client_id varchar(64),
        created [time] NOT NULL, edited_at [time], deleted_at [time], seq bigint NOT NULL,
        UNIQUE (conversation_id, seq), UNIQUE (conversation_id, sender_id, client_id))",
    "CREATE TABLE event (conversation_id bigint NOT NULL REFERENCES conversation (id),
        seq bigint NOT NULL, action varchar(6) NOT NULL
            CHECK (action IN ('add', 'edit', 'delete')),
        chat_message_id bigint NOT NULL REFERENCES chat_message (id), at [time] NOT NULL,
        PRIMARY KEY (conversation_id, seq))",
    "CREATE TABLE outbox (conversation_id bigint NOT NULL, seq bigint NOT NULL,
        instance varchar(255) NOT NULL, at [time] NOT NULL,
        PRIMARY KEY (conversation_id, seq),
        FOREIGN KEY (conversation_id, seq) REFERENCES event (conversation_id, seq)
            ON DELETE CASCADE)",
];

const INDEXES: &[&str] = &[
    "CREATE INDEX event_by_time ON event (at)",
    "CREATE INDEX conversation_by_request ON conversation (requested_by, created)",
];
