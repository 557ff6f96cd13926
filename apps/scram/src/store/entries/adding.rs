//! Adding an entry, or making an old one active again.

use super::Entry;
use super::together::Wish;
use crate::cidr::Network;
use crate::entities::{action_type, client, client_action_type, entry};
use crate::store::{AddError, Author, Store, moment, never, now};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

/// An entry that somebody wants. Its texts are as long as their columns at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Which network.
    pub network: Network,
    /// The name of the action type.
    pub action_type: String,
    /// Why.
    pub comment: String,
    /// When it ends; none is never.
    pub expiration: Option<DateTime<Utc>>,
    /// On whose behalf, if that was said.
    pub who: Option<String>,
}

/// An entry that is active now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// As it is.
    pub entry: Entry,
    /// Whether there was none of this network and action type before.
    pub is_new: bool,
}

impl Store {
    /// Adds an entry. If there is one of this network and action type, active or not, then that
    /// one takes the new comment, who, expiration and instance, and is active.
    ///
    /// # Errors
    ///
    /// [`AddError`], by the first of the checks that fails.
    pub async fn add(&self, wanted: &NewEntry, author: &Author) -> Result<Added, AddError> {
        let outcome = self.try_add(wanted, author).await;
        self.counters.count(|so_far| match &outcome {
            Ok(_) => so_far.added += 1,
            Err(error) => so_far.refuse(error),
        });
        outcome
    }

    async fn try_add(&self, wanted: &NewEntry, author: &Author) -> Result<Added, AddError> {
        // Before it waits to be written, so that whom this refuses never stands in that queue. A
        // right that is taken away at this moment may still be used once.
        let database = self.database.read();
        let action_type = available_action_type(database, &wanted.action_type).await?;
        if !self.limits.allow(&wanted.network) {
            return Err(AddError::TooLarge(self.limits));
        }
        let client = permitted(database, author, &action_type).await?;
        let by = author.user.as_deref().or(client.as_deref()).unwrap_or_default();
        let wish = Wish {
            network: wanted.network,
            action_type: action_type.id,
            row: self.row(wanted, author, action_type.id),
            author: by.to_owned(),
            reason: wanted.comment.clone(),
        };
        let row = self.write_together(wish).await?;
        let is_new = row.revision == 1;
        Ok(Added { entry: Entry::of(row, wanted.network, &action_type.name), is_new })
    }

    fn row(&self, wanted: &NewEntry, author: &Author, action_type_id: i64) -> entry::ActiveModel {
        entry::ActiveModel {
            id: NotSet,
            route_id: NotSet,
            action_type_id: Set(action_type_id),
            comment: Set(wanted.comment.clone()),
            is_active: Set(true),
            made: Set(now()),
            who: Set(answerable(author, wanted.who.as_deref())),
            originating_scram_instance: Set(self.origin.to_string()),
            expiration: Set(wanted.expiration.map_or_else(never, moment)),
            expiration_reason: Set(String::new()),
            revision: Set(1),
        }
    }
}

/// What an entry that is there already takes from a new one: the unique key makes two first adds
/// meet here, and the second waits for the first one's commit.
pub(in crate::store) fn again() -> OnConflict {
    let revision = Expr::col((entry::Entity, entry::Column::Revision)).add(1);
    OnConflict::columns([entry::Column::RouteId, entry::Column::ActionTypeId])
        .update_columns([
            entry::Column::Comment,
            entry::Column::IsActive,
            entry::Column::Who,
            entry::Column::OriginatingScramInstance,
            entry::Column::Expiration,
            entry::Column::ExpirationReason,
        ])
        .value(entry::Column::Revision, revision)
        .to_owned()
}

/// A client's word is taken; a user is answerable for what he adds on behalf of others.
fn answerable(author: &Author, who: Option<&str>) -> String {
    let who = who.filter(|who| !who.is_empty());
    let who = match (&author.client, author.user.as_deref(), who) {
        (Some(_), user, who) => who.or(user).unwrap_or_default().to_owned(),
        (None, Some(user), Some(who)) if who != user => format!("{user} (on behalf of {who})"),
        (None, user, _) => user.unwrap_or_default().to_owned(),
    };
    who.chars().take(255).collect()
}

async fn available_action_type(
    database: &DatabaseConnection,
    name: &str,
) -> Result<action_type::Model, AddError> {
    let found = action_type::Entity::find()
        .filter(action_type::Column::Name.eq(name))
        .one(database)
        .await?;
    match found {
        None => Err(AddError::ActionTypeUnknown(name.to_owned())),
        Some(found) if !found.available => Err(AddError::ActionTypeDisabled(found.name)),
        Some(found) => Ok(found),
    }
}

/// Returns the client's name if a client asks; its UUID counts even for one who is logged in.
async fn permitted(
    database: &DatabaseConnection,
    author: &Author,
    action_type: &action_type::Model,
) -> Result<Option<String>, AddError> {
    let Some(uuid) = author.client else {
        return if author.may_write { Ok(None) } else { Err(AddError::NotPermitted) };
    };
    let client = client_of(database, uuid).await?.ok_or(AddError::ClientUnknown)?;
    let allowed = client_action_type::Entity::find_by_id((client.id, action_type.id));
    if !client.is_authorized || allowed.one(database).await?.is_none() {
        return Err(AddError::ClientNotAllowed);
    }
    Ok(Some(client.client_name))
}

async fn client_of(
    database: &DatabaseConnection,
    uuid: Uuid,
) -> Result<Option<client::Model>, DbErr> {
    client::Entity::find().filter(client::Column::Uuid.eq(uuid)).one(database).await
}
