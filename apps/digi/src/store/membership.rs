//! Who may know of a conversation: its two users, until they leave.

use super::{FindError, Store};
use crate::entities::conversation::State;
use crate::entities::{conversation, member};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

/// That a user is in a conversation. There is no other way to ask about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub(super) user: i64,
    pub(super) conversation: conversation::Model,
    pub(super) last_read_seq: i64,
}

/// How a conversation stands for one of its two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They talk.
    Accepted,
    /// The other has asked.
    PendingIn,
    /// This one has asked.
    PendingOut,
    /// The request was declined, or one of the two has left.
    Declined,
    /// One of the two has blocked the other.
    Blocked,
}

impl Store {
    /// Finds a conversation for one of its users.
    ///
    /// # Errors
    ///
    /// [`FindError::NotFound`] also if it is only for others, or if this one has left.
    pub async fn membership(&self, user: i64, conversation: i64) -> Result<Membership, FindError> {
        // The member is looked up first, and the conversation by way of it: what belongs to others takes
        // the time of what does not exist.
        let found = member::Entity::find_by_id((user, conversation))
            .filter(member::Column::HasLeft.eq(false))
            .find_also_related(conversation::Entity)
            .one(self.database.read())
            .await?;
        let Some((member, Some(row))) = found else { return Err(FindError::NotFound) };
        Ok(Membership { user, conversation: row, last_read_seq: member.last_read_seq })
    }

    /// Returns these conversations, whosever they are.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn conversations(
        &self,
        numbers: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<conversation::Model>, DbErr> {
        conversation::Entity::find()
            .filter(conversation::Column::Id.is_in(numbers))
            .all(self.database.read())
            .await
    }

    /// Returns the numbers of all conversations that a user has not left.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn conversations_of(&self, user: i64) -> Result<Vec<i64>, DbErr> {
        member::Entity::find()
            .select_only()
            .column(member::Column::ConversationId)
            .filter(member::Column::UserId.eq(user))
            .filter(member::Column::HasLeft.eq(false))
            .into_tuple()
            .all(self.database.read())
            .await
    }

    /// Returns the numbers of at most so many conversations of a user, also of those it has left, the last
    /// active first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn last_active(&self, user: i64, limit: u64) -> Result<Vec<i64>, DbErr> {
        let of_user = member::Entity::find()
            .select_only()
            .column(member::Column::ConversationId)
            .filter(member::Column::UserId.eq(user))
            .into_query();
        conversation::Entity::find()
            .select_only()
            .column(conversation::Column::Id)
            .filter(conversation::Column::Id.in_subquery(of_user))
            .order_by_desc(conversation::Column::Active)
            .order_by_desc(conversation::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(self.database.read())
            .await
    }

    /// Returns the two of a conversation; none if there is no such.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn pair(&self, conversation: i64) -> Result<Vec<i64>, DbErr> {
        let row = conversation::Entity::find_by_id(conversation).one(self.database.read()).await?;
        Ok(row.map_or_else(Vec::new, |row| vec![row.user_a, row.user_b]))
    }
}

impl Membership {
    /// Returns whose it is.
    pub fn user(&self) -> i64 {
        self.user
    }

    /// Returns who the other is.
    pub fn peer(&self) -> i64 {
        peer(&self.conversation, self.user)
    }

    /// Returns the conversation as it was found.
    pub fn conversation(&self) -> &conversation::Model {
        &self.conversation
    }

    /// Returns up to which number this user has read.
    pub fn last_read_seq(&self) -> i64 {
        self.last_read_seq
    }

    /// Returns how the conversation stands for this user.
    pub fn standing(&self) -> Standing {
        standing(&self.conversation, self.user)
    }
}

pub(super) fn peer(conversation: &conversation::Model, user: i64) -> i64 {
    if conversation.user_a == user { conversation.user_b } else { conversation.user_a }
}

pub(super) fn standing(conversation: &conversation::Model, user: i64) -> Standing {
    if conversation.blocked_by.is_some() {
        return Standing::Blocked;
    }
    match conversation.state {
        State::Accepted => Standing::Accepted,
        State::Declined => Standing::Declined,
        State::Pending if conversation.requested_by == user => Standing::PendingOut,
        State::Pending => Standing::PendingIn,
    }
}
