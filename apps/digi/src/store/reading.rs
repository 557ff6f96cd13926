//! Up to where each of the two has read.

use super::{FindError, Membership, Store};
use crate::entities::{chat_message, member};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

impl Store {
    /// Moves the mark of what a user has read forward to a message, which is returned if the mark was
    /// before it.
    ///
    /// # Errors
    ///
    /// [`FindError::NotFound`] if the message is not in this conversation.
    pub async fn mark_read(
        &self,
        of: &Membership,
        message: i64,
    ) -> Result<Option<chat_message::Model>, FindError> {
        let message = self.message(of, message).await?;
        let seq = message.seq;
        let moved = member::Entity::update_many()
            .col_expr(member::Column::LastReadSeq, Expr::value(seq))
            .filter(member::Column::UserId.eq(of.user))
            .filter(member::Column::ConversationId.eq(of.conversation.id))
            .filter(member::Column::LastReadSeq.lt(seq))
            .exec(self.database.writer())
            .await?;
        Ok((moved.rows_affected > 0).then_some(message))
    }

    /// Returns the last message that the other has read, if there is one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn read_by_peer(
        &self,
        of: &Membership,
    ) -> Result<Option<chat_message::Model>, DbErr> {
        let mark = member::Entity::find_by_id((of.peer(), of.conversation.id));
        let Some(mark) = mark.one(self.database.read()).await? else { return Ok(None) };
        chat_message::Entity::find()
            .filter(chat_message::Column::ConversationId.eq(of.conversation.id))
            .filter(chat_message::Column::Seq.eq(mark.last_read_seq))
            .one(self.database.read())
            .await
    }

    /// Counts the other's messages after the mark, as the list does.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn unread(&self, of: &Membership) -> Result<i64, DbErr> {
        let line = self.line(of.user, of.conversation.id).await?;
        Ok(line.map_or(0, |line| line.unread))
    }
}
