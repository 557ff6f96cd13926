//! Which row was saved, for those who want to know.

use super::LiveTransaction;
use crate::Operation;
use async_trait::async_trait;
use sea_orm::sea_query::sea_value_to_json_value;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DbErr, DeleteResult, EntityName as _, EntityTrait,
    IntoActiveModel, Iterable as _, PrimaryKeyToColumn as _, TransactionSession as _,
    TransactionTrait,
};
use serde_json::Value;

/// The row that an active model of an entity stands for.
type ModelOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;

/// Saves one row, and tells which where a [`LiveDb`](super::LiveDb) is to tell that; in a transaction,
/// or in one of its own.
///
/// ```no_run
/// use campanile_binder::live::{LiveActiveModel as _, LiveDb};
/// # use sea_orm::entity::prelude::*;
/// # use sea_orm::Set;
/// # mod country {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "country")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub name: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
///
/// # async fn run(db: LiveDb) -> Result<(), DbErr> {
/// let belgium = country::ActiveModel { name: Set("Belgium".to_owned()), ..Default::default() };
/// // {"detailed-auto-updates": "country"} hears {"op": "insert", "id": 1}.
/// let belgium = belgium.insert_live(&db).await?;
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait LiveActiveModel: ActiveModelTrait + ActiveModelBehavior + Send + 'static
where
    ModelOf<Self>: IntoActiveModel<Self>,
{
    /// Inserts the row.
    async fn insert_live<C>(self, db: &C) -> Result<ModelOf<Self>, DbErr>
    where
        C: TransactionTrait<Transaction = LiveTransaction>,
    {
        let transaction = db.begin().await?;
        let row = self.insert(&transaction).await?;
        transaction.was_row(Operation::Insert, &row.clone().into_active_model());
        transaction.commit().await.map(|()| row)
    }

    /// Updates the row; one that is not changed is not told.
    async fn update_live<C>(self, db: &C) -> Result<ModelOf<Self>, DbErr>
    where
        C: TransactionTrait<Transaction = LiveTransaction>,
    {
        let transaction = db.begin().await?;
        let row = self.update(&transaction).await?;
        transaction.was_row(Operation::Update, &row.clone().into_active_model());
        transaction.commit().await.map(|()| row)
    }

    /// Updates the row if it has its primary key, and inserts it if not.
    async fn save_live<C>(self, db: &C) -> Result<Self, DbErr>
    where
        C: TransactionTrait<Transaction = LiveTransaction>,
    {
        let row = if self.is_update() {
            self.update_live(db).await?
        } else {
            self.insert_live(db).await?
        };
        Ok(row.into_active_model())
    }

    /// Deletes the row.
    async fn delete_live<C>(self, db: &C) -> Result<DeleteResult, DbErr>
    where
        C: TransactionTrait<Transaction = LiveTransaction>,
    {
        let transaction = db.begin().await?;
        let row = self.clone();
        let result = self.delete(&transaction).await?;
        transaction.was_row(Operation::Delete, &row);
        transaction.commit().await.map(|()| result)
    }
}

impl<A> LiveActiveModel for A
where
    A: ActiveModelTrait + ActiveModelBehavior + Send + 'static,
    ModelOf<A>: IntoActiveModel<A>,
{
}

impl LiveTransaction {
    /// Takes note which row it was, if one of this kind was written.
    fn was_row<A: ActiveModelTrait>(&self, operation: Operation, row: &A) {
        for name in self.watch().own(<A::Entity as Default>::default().table_name()) {
            self.pending().was_row(&name, operation, &id(row));
        }
    }
}

/// Returns a row's primary key; of several columns, a list.
fn id<A: ActiveModelTrait>(row: &A) -> Value {
    let keys = <A::Entity as EntityTrait>::PrimaryKey::iter();
    let values = keys.map(|key| row.get(key.into_column()).into_value());
    let mut values: Vec<Value> =
        values.map(|value| value.as_ref().map_or(Value::Null, sea_value_to_json_value)).collect();
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}
