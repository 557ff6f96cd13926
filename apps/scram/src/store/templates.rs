//! What translators are told: templates of frames, in an order for each action type and verb.

mod frames;
#[cfg(test)]
mod tests;

pub use frames::{Frame, Template, Templates, Verb};

use super::{ChangeError, Store};
use crate::entities::{message, sequence_element};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, QueryFilter,
    QueryOrder,
};
use serde_json::{Map, Value};

/// A template as somebody has written it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The frame's type, at most 50 characters.
    pub msg_type: String,
    /// The frame's message, but for the route.
    pub msg_data: Map<String, Value>,
    /// Which key of it takes the route, at most 25 characters.
    pub msg_data_route_field: String,
}

impl Store {
    /// Returns the templates of an action type, by its number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn templates(&self, action_type: i64) -> Result<Templates, DbErr> {
        let rows = sequence_element::Entity::find()
            .filter(sequence_element::Column::ActionTypeId.eq(action_type))
            .order_by_asc(sequence_element::Column::OrderNum)
            .order_by_asc(sequence_element::Column::Id)
            .find_also_related(message::Entity)
            .all(self.database.read())
            .await?;
        Ok(Templates::new(rows.into_iter().filter_map(|(element, message)| {
            Some((Verb::from_letter(&element.verb)?, template(message?)))
        })))
    }

    /// Returns all templates by their numbers.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn messages(&self) -> Result<Vec<message::Model>, DbErr> {
        let all = message::Entity::find().order_by_asc(message::Column::Id);
        all.all(self.database.read()).await
    }

    /// Returns all places of templates, by action type, verb and order.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sequence_elements(&self) -> Result<Vec<sequence_element::Model>, DbErr> {
        sequence_element::Entity::find()
            .order_by_asc(sequence_element::Column::ActionTypeId)
            .order_by_asc(sequence_element::Column::Verb)
            .order_by_asc(sequence_element::Column::OrderNum)
            .order_by_asc(sequence_element::Column::Id)
            .all(self.database.read())
            .await
    }

    /// Makes a template, or changes the one of this number.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this number.
    pub async fn write_message(
        &self,
        id: Option<i64>,
        new: NewMessage,
    ) -> Result<message::Model, ChangeError> {
        let row = message::ActiveModel {
            id: id.map_or(NotSet, Set),
            msg_type: Set(new.msg_type),
            msg_data: Set(Value::Object(new.msg_data)),
            msg_data_route_field: Set(new.msg_data_route_field),
        };
        let transaction = self.database.write().await?;
        let row = match id {
            None => row.insert(&transaction).await?,
            Some(id) => {
                must_be_there::<message::Entity, _>(&transaction, id).await?;
                row.update(&transaction).await?
            }
        };
        transaction.commit().await?;
        Ok(row)
    }

    /// Removes a template, with all its places.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this number.
    pub async fn remove_message(&self, id: i64) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        let row = must_be_there::<message::Entity, _>(&transaction, id).await?;
        row.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a template a place: of which action type, for which verb, in which order.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is no such template, [`ChangeError::Duplicate`] if it has
    /// this place.
    pub async fn place_message(
        &self,
        message_id: i64,
        action_type_id: i64,
        verb: Verb,
        order_num: i16,
    ) -> Result<sequence_element::Model, ChangeError> {
        let transaction = self.database.write().await?;
        must_be_there::<message::Entity, _>(&transaction, message_id).await?;
        let row = sequence_element::ActiveModel {
            id: NotSet,
            message_id: Set(message_id),
            action_type_id: Set(action_type_id),
            verb: Set(verb.letter().to_owned()),
            order_num: Set(order_num),
        };
        let row = row
            .insert(&transaction)
            .await
            .map_err(|error| ChangeError::of_unique(error, "sequence element"))?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Takes a template's place away.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is no place of this number.
    pub async fn remove_sequence_element(&self, id: i64) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        let row = must_be_there::<sequence_element::Entity, _>(&transaction, id).await?;
        row.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn must_be_there<T, C>(connection: &C, id: i64) -> Result<T::Model, ChangeError>
where
    T: EntityTrait,
    <T::PrimaryKey as sea_orm::PrimaryKeyTrait>::ValueType: From<i64>,
    C: ConnectionTrait,
{
    T::find_by_id(id).one(connection).await?.ok_or(ChangeError::NotFound)
}

/// What somebody wrote into the database past this program may be no object: then it has no keys.
fn template(row: message::Model) -> Template {
    let data = match row.msg_data {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    Template { msg_type: row.msg_type, data, route_field: row.msg_data_route_field }
}
