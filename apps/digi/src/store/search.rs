//! Finding messages by a part of their text.

use super::{Membership, Store};
use crate::entities::{chat_message, member};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// How many characters what is searched has at least.
pub const QUERY_CHARS_MIN: usize = 2;

impl Store {
    /// Returns the newest messages with this in their text, in upper or lower case, of one of a user's
    /// conversations or of all; every character stands for itself. For less than
    /// [`QUERY_CHARS_MIN`] characters there are none.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn search(
        &self,
        user: i64,
        text: &str,
        within: Option<&Membership>,
        limit: u64,
    ) -> Result<Vec<chat_message::Model>, DbErr> {
        let text = text.to_lowercase();
        if text.chars().count() < QUERY_CHARS_MIN || text.contains('\0') {
            return Ok(Vec::new());
        }
        // Not `LIKE`: to it some characters are no letters.
        let position =
            if self.database.backend() == DbBackend::Postgres { "strpos" } else { "instr" };
        let folded = Expr::col((chat_message::Entity, chat_message::Column::Folded));
        let position = Func::cust(Alias::new(position)).arg(folded).arg(text);
        let mine = Query::select()
            .column(member::Column::ConversationId)
            .from(member::Entity)
            .and_where(member::Column::UserId.eq(user))
            .and_where(member::Column::HasLeft.eq(false))
            .to_owned();
        let found = chat_message::Entity::find()
            .filter(chat_message::Column::ConversationId.in_subquery(mine))
            .filter(Expr::expr(position).gt(0))
            .limit(limit.clamp(1, self.limits.page_messages_max));
        let found = match within {
            // Backwards through an index, until there are enough.
            Some(within) => found
                .filter(chat_message::Column::ConversationId.eq(within.conversation.id))
                .order_by_desc(chat_message::Column::Seq),
            None => found.order_by_desc(chat_message::Column::Id),
        };
        found.all(self.database.read()).await
    }
}
