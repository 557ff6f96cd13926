//! Adding, editing and deleting messages.

use super::{Membership, Store, WriteError, now};
use crate::entities::conversation::State;
use crate::entities::event::Action;
use crate::entities::{chat_message, conversation, event, outbox};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
};

/// A message that somebody sends.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The text, which is kept exactly.
    pub body: String,
    /// How the sender's program calls it: what is sent twice by the same name is one message.
    pub client_id: Option<String>,
}

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// As it is.
    pub message: chat_message::Model,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// How long a program's name for a message may be.
pub const CLIENT_ID_CHARS_MAX: usize = 64;

impl Store {
    /// Adds a message; one with a name that this user has given before in this conversation is
    /// returned as it is.
    ///
    /// # Errors
    ///
    /// [`WriteError::NotFound`] if the two do not talk.
    pub async fn add(&self, by: &Membership, new: &NewMessage) -> Result<Added, WriteError> {
        self.check_text(&new.body)?;
        check_client_id(new.client_id.as_deref())?;
        let transaction = self.database.write().await?;
        let at = now();
        let seq = next_seq(&transaction, by, (Action::Add, at)).await?;
        // Nobody else writes to the conversation until the commit.
        if let Some(message) = known(&transaction, by, new).await? {
            transaction.rollback().await?;
            return Ok(Added { message, is_new: false });
        }
        let message = chat_message::ActiveModel {
            id: NotSet,
            conversation_id: Set(by.conversation.id),
            sender_id: Set(by.user),
            body: Set(new.body.clone()),
            folded: Set(new.body.to_lowercase()),
            client_id: Set(new.client_id.clone()),
            created: Set(at),
            edited_at: Set(None),
            deleted_at: Set(None),
            seq: Set(seq),
        };
        let message = message.insert(&transaction).await?;
        self.tell(transaction, &message, Action::Add, (seq, at)).await?;
        Ok(Added { message, is_new: true })
    }

    /// Gives a message of this user another text.
    ///
    /// # Errors
    ///
    /// [`WriteError::NotFound`] also if it was deleted; [`WriteError::NotOwner`] if it is the other's.
    pub async fn edit(
        &self,
        by: &Membership,
        message: i64,
        body: &str,
    ) -> Result<chat_message::Model, WriteError> {
        self.check_text(body)?;
        let change = |row: &mut chat_message::ActiveModel, at| {
            row.body = Set(body.to_owned());
            row.folded = Set(body.to_lowercase());
            row.edited_at = Set(Some(at));
        };
        self.change(by, message, Action::Edit, change).await
    }

    /// Deletes a message of this user: its text is nowhere any more. That is its right also when the
    /// two do not talk any more.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub async fn delete(
        &self,
        by: &Membership,
        message: i64,
    ) -> Result<chat_message::Model, WriteError> {
        let change = |row: &mut chat_message::ActiveModel, at| {
            row.body = Set(String::new());
            row.folded = Set(String::new());
            row.deleted_at = Set(Some(at));
        };
        self.change(by, message, Action::Delete, change).await
    }

    async fn change(
        &self,
        by: &Membership,
        message: i64,
        action: Action,
        change: impl FnOnce(&mut chat_message::ActiveModel, DateTime<Utc>),
    ) -> Result<chat_message::Model, WriteError> {
        let transaction = self.database.write().await?;
        let at = now();
        let seq = next_seq(&transaction, by, (action, at)).await?;
        let found = chat_message::Entity::find_by_id(message)
            .filter(chat_message::Column::ConversationId.eq(by.conversation.id))
            .filter(chat_message::Column::DeletedAt.is_null())
            .one(&transaction)
            .await?
            .ok_or(WriteError::NotFound)?;
        if found.sender_id != by.user {
            return Err(WriteError::NotOwner);
        }
        let mut row = found.into_active_model();
        change(&mut row, at);
        let message = row.update(&transaction).await?;
        self.tell(transaction, &message, action, (seq, at)).await?;
        Ok(message)
    }

    /// Writes the event and the wish to publish it, and commits.
    async fn tell(
        &self,
        transaction: DatabaseTransaction,
        message: &chat_message::Model,
        action: Action,
        (seq, at): (i64, DateTime<Utc>),
    ) -> Result<(), DbErr> {
        let event = event::ActiveModel {
            conversation_id: Set(message.conversation_id),
            seq: Set(seq),
            action: Set(action),
            chat_message_id: Set(message.id),
            at: Set(at),
        };
        event::Entity::insert(event).exec_without_returning(&transaction).await?;
        let wish = outbox::ActiveModel {
            conversation_id: Set(message.conversation_id),
            seq: Set(seq),
            instance: Set(self.instance.to_string()),
            at: Set(at),
        };
        outbox::Entity::insert(wish).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        self.changed.notify_one();
        Ok(())
    }

    fn check_text(&self, body: &str) -> Result<(), WriteError> {
        let most = self.limits.message_chars_max;
        if body.trim().is_empty() {
            return Err(WriteError::Invalid("A message has a text."));
        }
        if body.contains('\0') {
            return Err(WriteError::Invalid("A message has no NUL in it."));
        }
        if body.chars().count() > most { Err(WriteError::TooLong(most)) } else { Ok(()) }
    }
}

/// Takes the next number of a conversation, in which the two talk if something is to be said. Its row stays locked until the
/// commit, so that numbers commit in their order; without a commit it was never taken.
async fn next_seq(
    transaction: &DatabaseTransaction,
    by: &Membership,
    (action, at): (Action, DateTime<Utc>),
) -> Result<i64, WriteError> {
    let next = Expr::col(conversation::Column::LastSeq).add(1);
    let is_one_of = conversation::Column::UserA.eq(by.user);
    let is_one_of = is_one_of.or(conversation::Column::UserB.eq(by.user));
    let taking = conversation::Entity::update_many()
        .col_expr(conversation::Column::LastSeq, next)
        .col_expr(conversation::Column::Active, Expr::value(at))
        .filter(conversation::Column::Id.eq(by.conversation.id))
        .filter(is_one_of);
    let taking = match action {
        Action::Add | Action::Edit => taking
            .filter(conversation::Column::State.eq(State::Accepted))
            .filter(conversation::Column::BlockedBy.is_null()),
        Action::Delete => taking,
    };
    let taken = taking.exec_with_returning(transaction).await?;
    taken.first().map(|row| row.last_seq).ok_or(WriteError::NotFound)
}

async fn known(
    transaction: &DatabaseTransaction,
    by: &Membership,
    new: &NewMessage,
) -> Result<Option<chat_message::Model>, DbErr> {
    let Some(client_id) = &new.client_id else { return Ok(None) };
    chat_message::Entity::find()
        .filter(chat_message::Column::ConversationId.eq(by.conversation.id))
        .filter(chat_message::Column::SenderId.eq(by.user))
        .filter(chat_message::Column::ClientId.eq(client_id.as_str()))
        .one(transaction)
        .await
}

fn check_client_id(client_id: Option<&str>) -> Result<(), WriteError> {
    let is_one = |id: &str| !id.is_empty() && !id.contains('\0');
    let fits = |id: &str| is_one(id) && id.chars().count() <= CLIENT_ID_CHARS_MAX;
    if client_id.is_none_or(fits) {
        return Ok(());
    }
    Err(WriteError::Invalid("A client_id has 1 to 64 characters."))
}

/// Without the text.
impl std::fmt::Debug for NewMessage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "NewMessage({} bytes, {:?})", self.body.len(), self.client_id)
    }
}
