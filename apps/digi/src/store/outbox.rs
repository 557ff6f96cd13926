//! What is to be published: written with each change, and removed when that is done. Whoever is
//! killed between the two leaves it to another, or to itself when it is back.

use super::{Store, Told, events, now};
use crate::entities::{chat_message, event, outbox};
use chrono::TimeDelta;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

/// How many a statement names at most: databases read long conditions slowly, or not at all.
const ROWS_MAX: usize = 100;

impl Store {
    /// Returns at most so many changes that are to be published, of each conversation in order:
    /// those of this process, and those of others which these should have published so long ago.
    ///
    /// Two processes may publish the same one: who hears it goes by its number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn unpublished(
        &self,
        abandoned_after: TimeDelta,
        limit: u64,
    ) -> Result<Vec<Told>, DbErr> {
        let ours = outbox::Column::Instance.eq(&*self.instance);
        let abandoned = outbox::Column::At.lt(now() - abandoned_after);
        let rows = event::Entity::find()
            .join_rev(JoinType::InnerJoin, outbox::Relation::Event.def())
            .find_also_related(chat_message::Entity)
            .filter(Condition::any().add(ours).add(abandoned))
            .order_by_asc(event::Column::ConversationId)
            .order_by_asc(event::Column::Seq)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(rows.into_iter().filter_map(events::told).collect())
    }

    /// Counts what no process has published yet.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn waiting(&self) -> Result<u64, DbErr> {
        outbox::Entity::find().count(self.database.read()).await
    }

    /// Remembers that these are published.
    ///
    /// # Errors
    ///
    /// If the database fails: then they are published again.
    pub async fn published(&self, done: &[Told]) -> Result<(), DbErr> {
        for done in done.chunks(ROWS_MAX) {
            let these = done.iter().fold(Condition::any(), |these, told| {
                let conversation = outbox::Column::ConversationId.eq(told.message.conversation_id);
                these.add(Condition::all().add(conversation).add(outbox::Column::Seq.eq(told.seq)))
            });
            outbox::Entity::delete_many().filter(these).exec(self.database.writer()).await?;
        }
        Ok(())
    }
}
