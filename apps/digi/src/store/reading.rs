//! Up to where each of the two has read.

use super::{FindError, Membership, Store};
use crate::entities::{chat_message, member};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

impl Store {
    /// Moves the mark of what a user has read forward to a message; says whether it was before that.
    ///
    /// # Errors
    ///
    /// [`FindError::NotFound`] if the message is not in this conversation.
    pub async fn mark_read(&self, of: &Membership, message: i64) -> Result<bool, FindError> {
        let seq = self.seq(of, message).await?;
        let moved = member::Entity::update_many()
            .col_expr(member::Column::LastReadSeq, Expr::value(seq))
            .filter(member::Column::UserId.eq(of.user))
            .filter(member::Column::ConversationId.eq(of.conversation.id))
            .filter(member::Column::LastReadSeq.lt(seq))
            .exec(self.database.writer())
            .await?;
        Ok(moved.rows_affected > 0)
    }

    /// Counts the other's messages after the mark.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn unread(&self, of: &Membership) -> Result<u64, DbErr> {
        chat_message::Entity::find()
            .filter(chat_message::Column::ConversationId.eq(of.conversation.id))
            .filter(chat_message::Column::Seq.gt(of.last_read_seq))
            .filter(chat_message::Column::SenderId.ne(of.user))
            .filter(chat_message::Column::DeletedAt.is_null())
            .count(self.database.read())
            .await
    }
}
