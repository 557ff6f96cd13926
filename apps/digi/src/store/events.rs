//! What has happened in a conversation, for who was away.

use super::{FindError, Membership, Store, now};
use crate::entities::event::Action;
use crate::entities::{chat_message, conversation, event};
use chrono::TimeDelta;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// What is told of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The number in its conversation.
    pub seq: i64,
    /// What was done.
    pub action: Action,
    /// The message as it is by now: perhaps edited or deleted since.
    pub message: chat_message::Model,
}

/// What who was away is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// What comes next, in order and without gaps; none if there is nothing more.
    Events(Vec<Told>),
    /// Not all of it is kept: up to this number, the history says how things are.
    Resync(i64),
}

impl Store {
    /// Returns at most so many of the events after a number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_after(
        &self,
        of: &Membership,
        seq: i64,
        limit: u64,
    ) -> Result<Replay, FindError> {
        let id = of.conversation.id;
        // First: what comes meanwhile is in the events at most.
        let found = conversation::Entity::find_by_id(id).one(self.database.read()).await?;
        let last_seq = found.ok_or(FindError::NotFound)?.last_seq;
        let rows = event::Entity::find()
            .find_also_related(chat_message::Entity)
            .filter(event::Column::ConversationId.eq(id))
            .filter(event::Column::Seq.gt(seq))
            .order_by_asc(event::Column::Seq)
            .limit(limit)
            .all(self.database.read())
            .await?;
        let events: Vec<Told> = rows.into_iter().filter_map(told).collect();
        let are_next =
            events.iter().zip(seq.saturating_add(1)..).all(|(told, seq)| told.seq == seq);
        let is_all = !events.is_empty() || seq == last_seq;
        Ok(if are_next && is_all { Replay::Events(events) } else { Replay::Resync(last_seq) })
    }

    /// Removes events that are older than this, and returns how many.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn purge_events(&self, kept: TimeDelta) -> Result<u64, DbErr> {
        let removed = event::Entity::delete_many()
            .filter(event::Column::At.lt(now() - kept))
            .exec(self.database.writer())
            .await?;
        Ok(removed.rows_affected)
    }
}

pub(super) fn told((event, message): (event::Model, Option<chat_message::Model>)) -> Option<Told> {
    message.map(|message| Told { seq: event.seq, action: event.action, message })
}
