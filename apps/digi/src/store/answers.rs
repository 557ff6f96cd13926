//! What the two do about their conversation: accept, decline, block, leave.

use super::membership::peer;
use super::{ConversationError, Store, now};
use crate::entities::conversation::State;
use crate::entities::{conversation, member};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};

/// What one of the two does about their conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Accepts the other's request, also one that was declined before.
    Accept,
    /// Declines the other's request.
    Decline,
    /// Will hear nothing more of the other.
    Block,
    /// Takes that back: it is as it was before.
    Unblock,
    /// Sees nothing more of it; the history stays for the other. Only who has left takes it up again,
    /// as it was: a request that was not accepted is not accepted by that.
    Leave,
}

impl Store {
    /// Does something about a conversation. What is so already is no error.
    ///
    /// # Errors
    ///
    /// [`ConversationError::Forbidden`] if it is the other's to do.
    pub async fn answer(
        &self,
        user: i64,
        conversation: i64,
        answer: Answer,
    ) -> Result<(), ConversationError> {
        let transaction = self.database.write().await?;
        let member = member::Entity::find_by_id((user, conversation))
            .filter(member::Column::HasLeft.eq(false))
            .one(&transaction)
            .await?;
        let found = conversation::Entity::find_by_id(conversation).lock(LockType::NoKeyUpdate);
        let found = found.one(&transaction).await?;
        let (Some(_), Some(found)) = (member, found) else {
            return Err(ConversationError::NotFound);
        };
        if answer == Answer::Leave {
            set_left(&transaction, user, conversation, true).await?;
        }
        let is_alone = has_left(&transaction, peer(&found, user), conversation).await?;
        let changed = changed(&found, user, answer, is_alone)?;
        if changed != found {
            let mut row = found.into_active_model();
            row.state = Set(changed.state);
            row.is_closed = Set(changed.is_closed);
            row.blocked_by = Set(changed.blocked_by);
            row.active = Set(now());
            row.update(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Returns what an answer makes of a conversation. Who is alone in it talks with nobody, whatever
/// is accepted.
fn changed(
    found: &conversation::Model,
    user: i64,
    answer: Answer,
    is_alone: bool,
) -> Result<conversation::Model, ConversationError> {
    let mut changed = found.clone();
    let is_free = found.blocked_by.is_none();
    let is_asked = found.requested_by != user && !found.is_closed;
    match answer {
        Answer::Accept if is_free && found.state == State::Accepted => {}
        Answer::Accept if is_free && is_asked && is_alone => close(&mut changed),
        Answer::Accept if is_free && is_asked => changed.state = State::Accepted,
        Answer::Decline if is_free && is_asked && found.state != State::Accepted => {
            changed.state = State::Declined;
        }
        Answer::Block => changed.blocked_by = found.blocked_by.or(Some(user)),
        Answer::Unblock if found.blocked_by.is_none_or(|by| by == user) => {
            changed.blocked_by = None;
        }
        Answer::Leave if found.state == State::Accepted => close(&mut changed),
        // Whose request it is, and what was answered, stays as it is: nobody gains by leaving.
        Answer::Leave => {}
        Answer::Accept | Answer::Decline | Answer::Unblock => {
            return Err(ConversationError::Forbidden);
        }
    }
    Ok(changed)
}

fn close(conversation: &mut conversation::Model) {
    conversation.state = State::Declined;
    conversation.is_closed = true;
}

pub(super) async fn has_left(
    transaction: &DatabaseTransaction,
    user: i64,
    conversation: i64,
) -> Result<bool, DbErr> {
    let member = member::Entity::find_by_id((user, conversation)).one(transaction).await?;
    Ok(member.is_none_or(|member| member.has_left))
}

pub(super) async fn set_left(
    transaction: &DatabaseTransaction,
    user: i64,
    conversation: i64,
    has_left: bool,
) -> Result<(), DbErr> {
    member::Entity::update_many()
        .col_expr(member::Column::HasLeft, Expr::value(has_left))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::ConversationId.eq(conversation))
        .exec(transaction)
        .await
        .map(|_| ())
}
