//! Everything about entries, and what is there out of the box.

use campanile_database::in_words_of;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let backend = connection.get_database_backend();
        for statement in TABLES.iter().chain(INDEXES).chain(OUT_OF_THE_BOX) {
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
    "CREATE TABLE route (id [id], cidr text NOT NULL, family smallint NOT NULL,
        first [bytes] NOT NULL, last [bytes] NOT NULL, prefix smallint NOT NULL,
        UNIQUE (family, first, prefix))",
    "CREATE TABLE action_type (id [id], name varchar(30) NOT NULL UNIQUE,
        available boolean NOT NULL DEFAULT TRUE)",
    "CREATE TABLE action_type_history (id [id], action_type_id bigint NOT NULL,
        name varchar(30) NOT NULL, available boolean NOT NULL,
        kind char(1) NOT NULL, at [time] NOT NULL, author text NOT NULL, reason text NOT NULL)",
    // Of `who`: a user on behalf of another is longer than the 30 characters that come in.
    "CREATE TABLE entry (id [id], route_id bigint NOT NULL REFERENCES route (id),
        action_type_id bigint NOT NULL REFERENCES action_type (id), comment text NOT NULL,
        is_active boolean NOT NULL DEFAULT TRUE, made [time] NOT NULL,
        who varchar(255) NOT NULL DEFAULT 'Unknown',
        originating_scram_instance varchar(255) NOT NULL DEFAULT 'scram_hostname_not_set',
        expiration [time] NOT NULL, expiration_reason varchar(200) NOT NULL DEFAULT '',
        revision integer NOT NULL DEFAULT 1, UNIQUE (route_id, action_type_id))",
    "CREATE TABLE entry_history (id [id], entry_id bigint NOT NULL, route_id bigint NOT NULL,
        action_type_id bigint NOT NULL, comment text NOT NULL, is_active boolean NOT NULL,
        made [time] NOT NULL, who varchar(255) NOT NULL,
        originating_scram_instance varchar(255) NOT NULL, expiration [time] NOT NULL,
        expiration_reason varchar(200) NOT NULL,
        kind char(1) NOT NULL, at [time] NOT NULL, author text NOT NULL, reason text NOT NULL)",
    "CREATE TABLE ignore_entry (id [id], cidr text NOT NULL, family smallint NOT NULL,
        first [bytes] NOT NULL, last [bytes] NOT NULL, prefix smallint NOT NULL,
        comment varchar(100) NOT NULL, UNIQUE (family, first, prefix))",
    "CREATE TABLE ignore_entry_history (id [id], ignore_entry_id bigint NOT NULL,
        cidr text NOT NULL, comment varchar(100) NOT NULL,
        kind char(1) NOT NULL, at [time] NOT NULL, author text NOT NULL, reason text NOT NULL)",
    "CREATE TABLE client (id [id], client_name varchar(50) NOT NULL UNIQUE,
        uuid [uuid] NOT NULL UNIQUE, is_authorized boolean NOT NULL DEFAULT FALSE)",
    "CREATE TABLE client_action_type (
        client_id bigint NOT NULL REFERENCES client (id) ON DELETE CASCADE,
        action_type_id bigint NOT NULL REFERENCES action_type (id) ON DELETE CASCADE,
        PRIMARY KEY (client_id, action_type_id))",
    "CREATE TABLE message (id [id], msg_type varchar(50) NOT NULL, msg_data [json] NOT NULL,
        msg_data_route_field varchar(25) NOT NULL DEFAULT 'route')",
    "CREATE TABLE sequence_element (id [id],
        message_id bigint NOT NULL REFERENCES message (id) ON DELETE CASCADE,
        action_type_id bigint NOT NULL REFERENCES action_type (id) ON DELETE CASCADE,
        verb char(1) NOT NULL CHECK (verb IN ('A', 'C', 'R')),
        order_num smallint NOT NULL DEFAULT 0,
        UNIQUE (action_type_id, verb, order_num, message_id))",
    "CREATE TABLE event (id bigint PRIMARY KEY, at [time] NOT NULL, instance varchar(255) NOT NULL,
        action_type_id bigint NOT NULL, entry_id bigint NOT NULL, verb char(1) NOT NULL,
        reason text NOT NULL)",
    "CREATE TABLE event_counter (id bigint PRIMARY KEY CHECK (id = 1), last bigint NOT NULL,
        purged bigint NOT NULL)",
    "CREATE TABLE cursor (instance varchar(255) PRIMARY KEY, event_id bigint NOT NULL,
        at [time] NOT NULL)",
];

/// What queries need besides the keys; most entries of an old database are inactive.
const INDEXES: &[&str] = &[
    "CREATE INDEX entry_active ON entry (id) WHERE is_active",
    "CREATE INDEX entry_active_by_type ON entry (action_type_id, id) WHERE is_active",
    "CREATE INDEX entry_expiring ON entry (expiration) WHERE is_active",
    "CREATE INDEX entry_history_of ON entry_history (entry_id, id)",
    "CREATE INDEX event_by_age ON event (at)",
];

const OUT_OF_THE_BOX: &[&str] = &[
    "INSERT INTO action_type (name, available) VALUES ('block', TRUE)",
    "INSERT INTO message (msg_type, msg_data, msg_data_route_field)
        VALUES ('translator_add', '{}', 'route')",
    "INSERT INTO sequence_element (message_id, action_type_id, verb, order_num)
        SELECT message.id, action_type.id, 'A', 0 FROM message, action_type",
    "INSERT INTO event_counter (id, last, purged) VALUES (1, 0, 0)",
];
