//! What can be done about a network.

use super::{ChangeError, Store, now};
use crate::entities::{action_type, action_type_history, entry};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, QueryOrder,
};

/// Says whether a name may be an action type's: it is part of a path and of a group's name.
pub fn is_name(name: &str) -> bool {
    let fits = (1..=30).contains(&name.len());
    fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Store {
    /// Returns all action types by their numbers.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn action_types(&self) -> Result<Vec<action_type::Model>, DbErr> {
        let all = action_type::Entity::find().order_by_asc(action_type::Column::Id);
        all.all(self.database.read()).await
    }

    /// Returns the action type of a name.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn action_type(&self, name: &str) -> Result<Option<action_type::Model>, DbErr> {
        let named = action_type::Entity::find().filter(action_type::Column::Name.eq(name));
        named.one(self.database.read()).await
    }

    /// Makes an action type. Until it has templates, translators hear nothing of its entries.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Invalid`] or [`ChangeError::Duplicate`], of its name.
    pub async fn add_action_type(
        &self,
        name: &str,
        author: &str,
    ) -> Result<action_type::Model, ChangeError> {
        if !is_name(name) {
            return Err(ChangeError::Invalid("name", "1 to 30 letters, digits and _ of ASCII."));
        }
        let row = action_type::ActiveModel {
            id: NotSet,
            name: Set(name.to_owned()),
            available: Set(true),
        };
        let transaction = self.database.write().await?;
        let row = row
            .insert(&transaction)
            .await
            .map_err(|error| ChangeError::of_unique(error, "action type"))?;
        remember(&transaction, &row, "+", author).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Says whether entries may be added to an action type. Those that it has live on, can be
    /// removed, and expire.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this name.
    pub async fn set_available(
        &self,
        name: &str,
        available: bool,
        author: &str,
    ) -> Result<action_type::Model, ChangeError> {
        let transaction = self.database.write().await?;
        let mut row = named(&transaction, name).await?.into_active_model();
        row.available = Set(available);
        let row = row.update(&transaction).await?;
        remember(&transaction, &row, "~", author).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Removes an action type that never had an entry, with its templates' places.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`], or [`ChangeError::InUse`] by entries, active or not.
    pub async fn remove_action_type(&self, name: &str, author: &str) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        let row = named(&transaction, name).await?;
        let of_it = entry::Entity::find().filter(entry::Column::ActionTypeId.eq(row.id));
        if of_it.one(&transaction).await?.is_some() {
            return Err(ChangeError::InUse("entries, active or not"));
        }
        remember(&transaction, &row, "-", author).await?;
        row.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn named(
    transaction: &DatabaseTransaction,
    name: &str,
) -> Result<action_type::Model, ChangeError> {
    let named = action_type::Entity::find().filter(action_type::Column::Name.eq(name));
    named.one(transaction).await?.ok_or(ChangeError::NotFound)
}

async fn remember(
    transaction: &DatabaseTransaction,
    row: &action_type::Model,
    kind: &str,
    author: &str,
) -> Result<(), DbErr> {
    let history = action_type_history::ActiveModel {
        id: NotSet,
        action_type_id: Set(row.id),
        name: Set(row.name.clone()),
        available: Set(row.available),
        kind: Set(kind.to_owned()),
        at: Set(now()),
        author: Set(author.to_owned()),
        reason: Set(String::new()),
    };
    history.insert(transaction).await.map(drop)
}
