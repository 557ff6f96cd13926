//! Networks that must never be acted on.

use super::pages::{Page, PageNumber};
use super::{ChangeError, Store, networks, now};
use crate::cidr::Network;
use crate::entities::{ignore_entry, ignore_entry_history};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

impl Store {
    /// Puts a network on the list. What is active there already stays so:
    /// [`activity`](Store::activity) tells.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Duplicate`] if it is there.
    pub async fn ignore(
        &self,
        network: &Network,
        comment: &str,
        author: &str,
    ) -> Result<ignore_entry::Model, ChangeError> {
        let row = ignore_entry::ActiveModel {
            id: NotSet,
            cidr: Set(network.to_string()),
            family: Set(network.family().number()),
            first: Set(network.first().to_vec()),
            last: Set(network.last().to_vec()),
            prefix: Set(network.prefix().into()),
            comment: Set(comment.to_owned()),
        };
        let transaction = self.database.write().await?;
        let row = row
            .insert(&transaction)
            .await
            .map_err(|error| ChangeError::of_unique(error, "ignore entry"))?;
        remember(&transaction, &row, "+", author).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Returns what the list says of exactly this network.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn ignored(&self, network: &Network) -> Result<Option<ignore_entry::Model>, DbErr> {
        let equal = networks::equal::<ignore_entry::Entity>(network);
        ignore_entry::Entity::find().filter(equal).one(self.database.read()).await
    }

    /// Returns a page of the list; none if it lies beyond the end.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn ignore_entries(
        &self,
        page: PageNumber,
    ) -> Result<Option<Page<ignore_entry::Model>>, DbErr> {
        let count = ignore_entry::Entity::find().count(self.database.read()).await?;
        let rows = ignore_entry::Entity::find()
            .order_by_asc(ignore_entry::Column::Id)
            .offset(page.offset())
            .limit(page.size)
            .all(self.database.read())
            .await?;
        Ok(page.page(count, rows))
    }

    /// Gives an ignore entry another comment.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if exactly this network is not on the list.
    pub async fn comment_on_ignored(
        &self,
        network: &Network,
        comment: &str,
        author: &str,
    ) -> Result<ignore_entry::Model, ChangeError> {
        let transaction = self.database.write().await?;
        let mut row = on_list(&transaction, network).await?.into_active_model();
        row.comment = Set(comment.to_owned());
        let row = row.update(&transaction).await?;
        remember(&transaction, &row, "~", author).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Takes exactly this network off the list.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if it is not there.
    pub async fn unignore(&self, network: &Network, author: &str) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        let row = on_list(&transaction, network).await?;
        remember(&transaction, &row, "-", author).await?;
        row.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn on_list(
    transaction: &DatabaseTransaction,
    network: &Network,
) -> Result<ignore_entry::Model, ChangeError> {
    let equal = networks::equal::<ignore_entry::Entity>(network);
    let row = ignore_entry::Entity::find().filter(equal).one(transaction).await?;
    row.ok_or(ChangeError::NotFound)
}

async fn remember(
    transaction: &DatabaseTransaction,
    row: &ignore_entry::Model,
    kind: &str,
    author: &str,
) -> Result<(), DbErr> {
    let history = ignore_entry_history::ActiveModel {
        id: NotSet,
        ignore_entry_id: Set(row.id),
        cidr: Set(row.cidr.clone()),
        comment: Set(row.comment.clone()),
        kind: Set(kind.to_owned()),
        at: Set(now()),
        author: Set(author.to_owned()),
        reason: Set(String::new()),
    };
    history.insert(transaction).await.map(drop)
}
