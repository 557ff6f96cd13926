//! Who is here: a row for each user at each process, which counts while the process says that it
//! lives.

use super::{Store, now};
use crate::entities::conversation::State;
use crate::entities::{conversation, member, presence, process};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use std::collections::HashMap;

/// Whether a user is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    /// Whether it is so.
    pub online: bool,
    /// When it was so last.
    pub last_seen: DateTime<Utc>,
}

/// After how long a process that says nothing is held to be gone.
pub const SILENT_AFTER: TimeDelta = TimeDelta::seconds(9);

/// How many a statement names at most.
const ROWS_MAX: usize = 500;

impl Store {
    /// Says that this process lives. Returns whether the others held it to be gone: then nobody counts as
    /// here who is at it, unless it says so again.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn beat(&self) -> Result<bool, DbErr> {
        let beat = now();
        let said = process::Entity::update_many()
            .col_expr(process::Column::Beat, Expr::value(beat))
            .filter(process::Column::Instance.eq(&*self.instance))
            .exec(self.database.writer())
            .await?;
        if said.rows_affected > 0 {
            return Ok(false);
        }
        let row =
            process::ActiveModel { instance: Set(self.instance.to_string()), beat: Set(beat) };
        process::Entity::insert(row).exec_without_returning(self.database.writer()).await?;
        Ok(true)
    }

    /// Says that users have come to this process.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn come(&self, users: &[i64]) -> Result<(), DbErr> {
        for users in users.chunks(ROWS_MAX) {
            let rows = users.iter().map(|user| presence::ActiveModel {
                user_id: Set(*user),
                instance: Set(self.instance.to_string()),
                is_here: Set(true),
                seen: Set(now()),
            });
            let again = OnConflict::columns([presence::Column::UserId, presence::Column::Instance])
                .update_columns([presence::Column::IsHere, presence::Column::Seen])
                .to_owned();
            let written = presence::Entity::insert_many(rows).on_conflict(again);
            written.exec_without_returning(self.database.writer()).await?;
        }
        Ok(())
    }

    /// Says that users have left this process.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn go(&self, users: &[i64]) -> Result<(), DbErr> {
        for users in users.chunks(ROWS_MAX) {
            let these = presence::Column::UserId.is_in(users.iter().copied());
            presence::Entity::update_many()
                .col_expr(presence::Column::IsHere, Expr::value(false))
                .col_expr(presence::Column::Seen, Expr::value(now()))
                .filter(presence::Column::Instance.eq(&*self.instance))
                .filter(these)
                .exec(self.database.writer())
                .await?;
        }
        Ok(())
    }

    /// Returns the users that an earlier life of this process has left here.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn left_here(&self) -> Result<Vec<i64>, DbErr> {
        presence::Entity::find()
            .select_only()
            .column(presence::Column::UserId)
            .filter(presence::Column::Instance.eq(&*self.instance))
            .filter(presence::Column::IsHere.eq(true))
            .into_tuple()
            .all(self.database.read())
            .await
    }

    /// Says that those are gone whose process is, and returns them. Of several who do it at once, one
    /// has them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sweep(&self) -> Result<Vec<i64>, DbErr> {
        let silent = process::Column::Beat.lt(now() - SILENT_AFTER);
        let silent = process::Entity::find().filter(silent).all(self.database.read()).await?;
        let mut gone = Vec::new();
        for process in silent {
            gone.extend(self.hold_to_be_gone(process).await?);
        }
        Ok(gone)
    }

    /// Unless it lives again. If it does while this is done, it says so when this is done: it waits for
    /// its own row.
    async fn hold_to_be_gone(&self, process: process::Model) -> Result<Vec<i64>, DbErr> {
        let transaction = self.database.write().await?;
        let taken = process::Entity::delete_many()
            .filter(process::Column::Instance.eq(&*process.instance))
            .filter(process::Column::Beat.eq(process.beat))
            .exec(&transaction)
            .await?;
        let mut left = Vec::new();
        if taken.rows_affected > 0 {
            left = presence::Entity::update_many()
                .col_expr(presence::Column::IsHere, Expr::value(false))
                .col_expr(presence::Column::Seen, Expr::value(process.beat))
                .filter(presence::Column::Instance.eq(&*process.instance))
                .filter(presence::Column::IsHere.eq(true))
                .exec_with_returning(&transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(left.into_iter().map(|row| row.user_id).collect())
    }

    /// Returns whether these users are here; who never was is not among them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn whereabouts(
        &self,
        users: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Here>, DbErr> {
        let users: Vec<i64> = users.into_iter().collect();
        let mut all: HashMap<i64, Here> = HashMap::with_capacity(users.len());
        let now = now();
        for users in users.chunks(ROWS_MAX) {
            let rows = presence::Entity::find()
                .find_also_related(process::Entity)
                .filter(presence::Column::UserId.is_in(users.iter().copied()))
                .all(self.database.read())
                .await?;
            for (row, process) in rows {
                let lives = process.is_some_and(|process| process.beat >= now - SILENT_AFTER);
                let online = row.is_here && lives;
                let last_seen = if online { now } else { row.seen };
                let here = all.entry(row.user_id).or_insert(Here { online, last_seen });
                here.online |= online;
                here.last_seen = here.last_seen.max(last_seen);
            }
        }
        Ok(all)
    }

    /// Returns at most so many conversations in which a user talks, the last active first, each with
    /// the other.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn talking(&self, user: i64, limit: u64) -> Result<Vec<(i64, i64)>, DbErr> {
        let mine = member::Entity::find()
            .select_only()
            .column(member::Column::ConversationId)
            .filter(member::Column::UserId.eq(user));
        let rows = conversation::Entity::find()
            .filter(conversation::Column::Id.in_subquery(mine.into_query()))
            .filter(conversation::Column::State.eq(State::Accepted))
            .filter(conversation::Column::BlockedBy.is_null())
            .order_by_desc(conversation::Column::Active)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(rows.iter().map(|row| (row.id, super::membership::peer(row, user))).collect())
    }
}
