//! What was said, in pages.

use super::{FindError, Membership, Store};
use crate::entities::chat_message;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The last ones.
    Newest,
    /// Those before this message.
    Before(i64),
    /// Those after it.
    After(i64),
    /// Those on both sides of it, and it.
    Around(i64),
}

/// Some messages, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The messages; those that were deleted, too, without their texts.
    pub messages: Vec<chat_message::Model>,
    /// Whether there are more: older ones, or for [`Page::After`] newer ones.
    pub has_more: bool,
}

impl Store {
    /// Returns a page of at most so many messages.
    ///
    /// # Errors
    ///
    /// [`FindError::NotFound`] if the message that was named is not in this conversation.
    pub async fn history(
        &self,
        of: &Membership,
        page: Page,
        limit: u64,
    ) -> Result<History, FindError> {
        let limit = limit.clamp(1, self.limits.page_messages_max);
        match page {
            Page::Newest => Ok(self.before(of, i64::MAX, limit).await?),
            Page::Before(message) => {
                Ok(self.before(of, self.seq(of, message).await?, limit).await?)
            }
            Page::After(message) => {
                let seq = self.seq(of, message).await?;
                let (messages, has_more) = self.walk(of, Order::Asc, seq, limit).await?;
                Ok(History { messages, has_more })
            }
            Page::Around(message) => {
                let seq = self.seq(of, message).await?;
                let newer = limit / 2;
                let mut history = self.before(of, seq.saturating_add(1), limit - newer).await?;
                if newer > 0 {
                    history.messages.extend(self.walk(of, Order::Asc, seq, newer).await?.0);
                }
                Ok(history)
            }
        }
    }

    async fn before(&self, of: &Membership, seq: i64, limit: u64) -> Result<History, DbErr> {
        let (mut messages, has_more) = self.walk(of, Order::Desc, seq, limit).await?;
        messages.reverse();
        Ok(History { messages, has_more })
    }

    /// Walks from a number, and says whether more would follow.
    async fn walk(
        &self,
        of: &Membership,
        order: Order,
        seq: i64,
        limit: u64,
    ) -> Result<(Vec<chat_message::Model>, bool), DbErr> {
        let column = chat_message::Column::Seq;
        let beyond = if order == Order::Desc { column.lt(seq) } else { column.gt(seq) };
        let mut messages = chat_message::Entity::find()
            .filter(chat_message::Column::ConversationId.eq(of.conversation.id))
            .filter(beyond)
            .order_by(column, order)
            .limit(limit + 1)
            .all(self.database.read())
            .await?;
        let has_more = messages.len() as u64 > limit;
        messages.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((messages, has_more))
    }

    /// Returns the number of the event that told of a message of this conversation.
    async fn seq(&self, of: &Membership, message: i64) -> Result<i64, FindError> {
        Ok(self.message(of, message).await?.seq)
    }

    /// Finds a message of this conversation.
    pub(super) async fn message(
        &self,
        of: &Membership,
        message: i64,
    ) -> Result<chat_message::Model, FindError> {
        let found = chat_message::Entity::find_by_id(message)
            .filter(chat_message::Column::ConversationId.eq(of.conversation.id))
            .one(self.database.read())
            .await?;
        found.ok_or(FindError::NotFound)
    }
}
