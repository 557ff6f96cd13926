//! What was there before, and why it changed.

use super::Store;
use crate::entities::{action_type_history, entry_history, ignore_entry_history};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// How many changes of one thing are shown at most, the newest first.
const CHANGES_MAX: u64 = 1000;

impl Store {
    /// Returns the changes of an entry, the newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn history_of_entry(&self, id: i64) -> Result<Vec<entry_history::Model>, DbErr> {
        entry_history::Entity::find()
            .filter(entry_history::Column::EntryId.eq(id))
            .order_by_desc(entry_history::Column::Id)
            .limit(CHANGES_MAX)
            .all(self.database.read())
            .await
    }

    /// Returns the changes of an action type, the newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn history_of_action_type(
        &self,
        id: i64,
    ) -> Result<Vec<action_type_history::Model>, DbErr> {
        action_type_history::Entity::find()
            .filter(action_type_history::Column::ActionTypeId.eq(id))
            .order_by_desc(action_type_history::Column::Id)
            .limit(CHANGES_MAX)
            .all(self.database.read())
            .await
    }

    /// Returns the changes of an ignore entry, the newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn history_of_ignore_entry(
        &self,
        id: i64,
    ) -> Result<Vec<ignore_entry_history::Model>, DbErr> {
        ignore_entry_history::Entity::find()
            .filter(ignore_entry_history::Column::IgnoreEntryId.eq(id))
            .order_by_desc(ignore_entry_history::Column::Id)
            .limit(CHANGES_MAX)
            .all(self.database.read())
            .await
    }
}
