//! Programs that add entries.

use super::{ChangeError, Store};
use crate::entities::{client, client_action_type};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

/// What came of a program's wish to be known.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// It is known now, and not authorized yet.
    New(client::Model),
    /// It was known already, by this very UUID.
    Known(client::Model),
    /// The name or the UUID is another's; nothing may be said about that one.
    Refused,
}

impl Store {
    /// Makes a program known; without a UUID it is given one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn register(&self, name: &str, uuid: Option<Uuid>) -> Result<Registered, DbErr> {
        let same = client::Column::ClientName.eq(name);
        let known = client::Entity::find().filter(same).one(self.database.read()).await?;
        if let Some(known) = known {
            let itself = uuid == Some(known.uuid);
            return Ok(if itself { Registered::Known(known) } else { Registered::Refused });
        }
        let row = client::ActiveModel {
            id: NotSet,
            client_name: Set(name.to_owned()),
            uuid: Set(uuid.unwrap_or_else(Uuid::new_v4)),
            is_authorized: Set(false),
        };
        let transaction = self.database.write().await?;
        match row.insert(&transaction).await {
            Ok(row) => transaction.commit().await.map(|()| Registered::New(row)),
            Err(error) => match ChangeError::of_unique(error, "client") {
                ChangeError::Database(error) => Err(error),
                _ => Ok(Registered::Refused),
            },
        }
    }

    /// Returns all clients by their names.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn clients(&self) -> Result<Vec<client::Model>, DbErr> {
        let all = client::Entity::find().order_by_asc(client::Column::ClientName);
        all.all(self.database.read()).await
    }

    /// Returns the client of a name.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn client(&self, name: &str) -> Result<Option<client::Model>, DbErr> {
        let named = client::Entity::find().filter(client::Column::ClientName.eq(name));
        named.one(self.database.read()).await
    }

    /// Returns the numbers of the action types that a client may use once it is authorized.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn client_action_types(&self, client: i64) -> Result<Vec<i64>, DbErr> {
        let allowed = client_action_type::Entity::find()
            .filter(client_action_type::Column::ClientId.eq(client))
            .order_by_asc(client_action_type::Column::ActionTypeId);
        let rows = allowed.all(self.database.read()).await?;
        Ok(rows.into_iter().map(|row| row.action_type_id).collect())
    }

    /// Says what a client may do: whether anything at all, and which action types, by number.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this name.
    pub async fn authorize(
        &self,
        name: &str,
        is_authorized: bool,
        action_types: &[i64],
    ) -> Result<client::Model, ChangeError> {
        let transaction = self.database.write().await?;
        let mut row = named(&transaction, name).await?.into_active_model();
        row.is_authorized = Set(is_authorized);
        let row = row.update(&transaction).await?;
        client_action_type::Entity::delete_many()
            .filter(client_action_type::Column::ClientId.eq(row.id))
            .exec(&transaction)
            .await?;
        for &action_type in action_types {
            let allowed = client_action_type::ActiveModel {
                client_id: Set(row.id),
                action_type_id: Set(action_type),
            };
            allowed.insert(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(row)
    }

    /// Forgets a client. What it has added stays.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this name.
    pub async fn remove_client(&self, name: &str) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        named(&transaction, name).await?.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn named(
    transaction: &DatabaseTransaction,
    name: &str,
) -> Result<client::Model, ChangeError> {
    let named = client::Entity::find().filter(client::Column::ClientName.eq(name));
    named.one(transaction).await?.ok_or(ChangeError::NotFound)
}
