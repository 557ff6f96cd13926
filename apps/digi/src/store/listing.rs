//! The list of a user's conversations.

use super::membership::standing;
use super::{Standing, Store};
use crate::entities::{chat_message, conversation};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, Statement,
};
use std::collections::HashMap;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The conversation.
    pub conversation: conversation::Model,
    /// How it stands for this user.
    pub standing: Standing,
    /// The number of the other.
    pub peer: i64,
    /// The name by which the other logs in.
    pub peer_username: String,
    /// What the other wants to be called.
    pub peer_name: String,
    /// How many of the other's messages this user has not read, among the newest [`UNREAD_AMONG`].
    pub unread: i64,
    /// What was said last.
    pub last_message: Option<chat_message::Model>,
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    conversation: conversation::Model,
    peer: i64,
    peer_username: String,
    peer_name: String,
    unread: i64,
    last_message_id: Option<i64>,
}

/// Among how many messages those are counted that were not read: of a line that nobody has looked at for
/// long, all of them would be read each time.
pub const UNREAD_AMONG: u64 = 1000;

/// `$2` is one conversation, or none for all. How many messages are counted is no parameter: PostgreSQL
/// is to know it when it plans.
const LINES: &str = "
    SELECT c.id, c.user_a, c.user_b, c.requested_by, c.state, c.is_closed, c.blocked_by,
        c.created, c.active, c.last_seq, u.id AS peer, u.username AS peer_username, u.name AS peer_name,
        (SELECT l.id FROM chat_message l WHERE l.conversation_id = c.id
            ORDER BY l.seq DESC LIMIT 1) AS last_message_id,
        (SELECT count(*) FROM (SELECT n.sender_id, n.deleted_at FROM chat_message n
                WHERE n.conversation_id = c.id AND n.seq > m.last_read_seq
                ORDER BY n.seq DESC LIMIT 1000) n
            WHERE n.sender_id <> m.user_id AND n.deleted_at IS NULL) AS unread
    FROM member m
    JOIN conversation c ON c.id = m.conversation_id
    JOIN account_user u ON u.id = c.user_a + c.user_b - m.user_id
    WHERE m.user_id = $1 AND NOT m.has_left AND ($2 = 0 OR m.conversation_id = $2)
    ORDER BY c.active DESC, c.id DESC LIMIT $3";

impl Store {
    /// Returns at most so many of a user's conversations, the last active first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn lines(&self, user: i64, limit: u32) -> Result<Vec<Line>, DbErr> {
        self.lines_of(user, 0, limit).await
    }

    /// Returns the line of one conversation; none if this user is not in it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn line(&self, user: i64, conversation: i64) -> Result<Option<Line>, DbErr> {
        // No row has the number 0, which stands for all of them.
        let wanted = if conversation == 0 { -1 } else { conversation };
        Ok(self.lines_of(user, wanted, 1).await?.pop())
    }

    /// Counts all conversations, and all messages in them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn counts(&self) -> Result<(u64, u64), DbErr> {
        let conversations = conversation::Entity::find().count(self.database.read()).await?;
        Ok((conversations, chat_message::Entity::find().count(self.database.read()).await?))
    }

    async fn lines_of(&self, user: i64, wanted: i64, limit: u32) -> Result<Vec<Line>, DbErr> {
        let values = [user.into(), wanted.into(), i64::from(limit).into()];
        let backend = self.database.backend();
        let statement = Statement::from_sql_and_values(backend, LINES, values);
        let rows = Row::find_by_statement(statement).all(self.database.read()).await?;
        let last = rows.iter().filter_map(|row| row.last_message_id);
        let last = chat_message::Entity::find()
            .filter(chat_message::Column::Id.is_in(last))
            .all(self.database.read())
            .await?;
        let mut last: HashMap<i64, _> =
            last.into_iter().map(|message| (message.id, message)).collect();
        let line = |row: Row| Line {
            standing: standing(&row.conversation, user),
            conversation: row.conversation,
            peer: row.peer,
            peer_username: row.peer_username,
            peer_name: row.peer_name,
            unread: row.unread,
            last_message: row.last_message_id.and_then(|id| last.remove(&id)),
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
