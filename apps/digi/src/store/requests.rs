//! Asking somebody for a conversation.

use super::answers::{has_left, set_left};
use super::membership::peer;
use super::{ConversationError, Store, now};
use crate::entities::conversation::State;
use crate::entities::{conversation, member};
use campanile_accounts::entity::user;
use chrono::TimeDelta;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect,
};

/// A conversation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Its number.
    pub conversation: i64,
    /// Whether there was none of the two before.
    pub is_new: bool,
}

impl Store {
    /// Asks another user for a conversation. If there is one, it stays; the other's open or declined
    /// request is accepted by this; and who had left is in it again. Where both have left, or the
    /// other has left its request, this is a new request.
    ///
    /// # Errors
    ///
    /// [`ConversationError::NotFound`] if there is no such user, or one who has blocked this one.
    pub async fn request(&self, user: i64, other: i64) -> Result<Requested, ConversationError> {
        if user == other {
            return Err(ConversationError::Oneself);
        }
        let transaction = self.database.write().await?;
        // Whoever asks twice at once waits here for himself, so that the day's are counted.
        let asking = user::Entity::find_by_id(user).lock(LockType::NoKeyUpdate);
        asking.one(&transaction).await?.ok_or(ConversationError::NotFound)?;
        let asked = user::Entity::find_by_id(other).one(&transaction).await?;
        asked.filter(|other| other.is_active).ok_or(ConversationError::NotFound)?;
        let mut found = of_pair(&transaction, user, other).await?;
        let mut is_new = false;
        if found.is_none() {
            self.refuse_too_many(&transaction, user).await?;
            is_new = insert(&transaction, user, other).await?;
            found = of_pair(&transaction, user, other).await?;
        }
        let found = found.ok_or(ConversationError::NotFound)?;
        let conversation = found.id;
        if !is_new {
            self.take_up(&transaction, found, user).await?;
        }
        transaction.commit().await?;
        Ok(Requested { conversation, is_new })
    }

    /// Takes up what there is already.
    async fn take_up(
        &self,
        transaction: &DatabaseTransaction,
        found: conversation::Model,
        user: i64,
    ) -> Result<(), ConversationError> {
        if found.blocked_by.is_some_and(|by| by != user) {
            return Err(ConversationError::NotFound);
        }
        let (conversation, peer) = (found.id, peer(&found, user));
        let had_left = has_left(transaction, user, conversation).await?;
        let is_alone = has_left(transaction, peer, conversation).await?;
        set_left(transaction, user, conversation, false).await?;
        let is_free = found.blocked_by.is_none();
        let is_asked = is_free && found.requested_by != user && !found.is_closed;
        let is_anew = is_alone && (is_asked || (is_free && found.is_closed && had_left));
        if is_anew {
            self.refuse_too_many(transaction, user).await?;
            set_left(transaction, peer, conversation, false).await?;
        }
        let state = match found.state {
            State::Pending | State::Declined if is_anew => State::Pending,
            State::Pending | State::Declined if !is_alone && (is_asked || found.is_closed) => {
                State::Accepted
            }
            _ => return Ok(()),
        };
        let requested_by = if is_anew { user } else { found.requested_by };
        let mut row = found.into_active_model();
        row.state = Set(state);
        row.requested_by = Set(requested_by);
        row.is_closed = Set(false);
        row.active = Set(now());
        row.update(transaction).await?;
        Ok(())
    }

    async fn refuse_too_many(
        &self,
        transaction: &DatabaseTransaction,
        user: i64,
    ) -> Result<(), ConversationError> {
        let most = self.limits.requests_per_day_max;
        let asked = conversation::Entity::find()
            .filter(conversation::Column::RequestedBy.eq(user))
            .filter(conversation::Column::Created.gt(now() - TimeDelta::days(1)))
            .count(transaction)
            .await?;
        if asked < most { Ok(()) } else { Err(ConversationError::TooMany(most)) }
    }
}

async fn of_pair(
    transaction: &DatabaseTransaction,
    user: i64,
    other: i64,
) -> Result<Option<conversation::Model>, DbErr> {
    conversation::Entity::find()
        .filter(conversation::Column::UserA.eq(user.min(other)))
        .filter(conversation::Column::UserB.eq(user.max(other)))
        .lock(LockType::NoKeyUpdate)
        .one(transaction)
        .await
}

/// Returns whether it was made: both may ask each other at the same moment.
async fn insert(transaction: &DatabaseTransaction, user: i64, other: i64) -> Result<bool, DbErr> {
    let row = conversation::ActiveModel {
        id: NotSet,
        user_a: Set(user.min(other)),
        user_b: Set(user.max(other)),
        requested_by: Set(user),
        state: Set(State::Pending),
        blocked_by: Set(None),
        is_closed: Set(false),
        created: Set(now()),
        active: Set(now()),
        last_seq: Set(0),
    };
    let pair = [conversation::Column::UserA, conversation::Column::UserB];
    let once = OnConflict::columns(pair).do_nothing().to_owned();
    let inserted = conversation::Entity::insert(row).on_conflict(once);
    let is_new = match inserted.exec_without_returning(transaction).await {
        Ok(rows) => rows > 0,
        Err(DbErr::RecordNotInserted) => false,
        Err(error) => return Err(error),
    };
    if is_new {
        let made = of_pair(transaction, user, other).await?;
        let made = made.ok_or_else(|| DbErr::RecordNotFound("what was just made".to_owned()))?;
        let members = [user, other].map(|user_id| member::ActiveModel {
            user_id: Set(user_id),
            conversation_id: Set(made.id),
            last_read_seq: Set(0),
            has_left: Set(false),
        });
        member::Entity::insert_many(members).exec_without_returning(transaction).await?;
    }
    Ok(is_new)
}
