//! Other people, as far as a user may know of them.

use super::Store;
use crate::entities::conversation;
use campanile_accounts::entity::user;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Store {
    /// Returns what these users are called by whom they log in.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn usernames(
        &self,
        users: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<(i64, String)>, DbErr> {
        user::Entity::find()
            .select_only()
            .columns([user::Column::Id, user::Column::Username])
            .filter(user::Column::Id.is_in(users))
            .into_tuple()
            .all(self.database.read())
            .await
    }

    /// Returns at most so many others whose names begin so, in upper or lower case, by their names;
    /// without those who have blocked this one. For nothing there are none.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn others(
        &self,
        asking: i64,
        prefix: &str,
        limit: u64,
    ) -> Result<Vec<user::Model>, DbErr> {
        if prefix.is_empty() || prefix.contains('\0') {
            return Ok(Vec::new());
        }
        let pattern: String = prefix
            .to_lowercase()
            .chars()
            .flat_map(|letter| ["%_\\".contains(letter).then_some('\\'), Some(letter)])
            .flatten()
            .chain(['%'])
            .collect();
        user::Entity::find()
            .filter(user::Column::IsActive.eq(true))
            .filter(user::Column::Id.ne(asking))
            .filter(Expr::col(user::Column::UsernameKey).like(LikeExpr::new(pattern).escape('\\')))
            .filter(user::Column::Id.not_in_subquery(blocking(asking)))
            .order_by_asc(user::Column::UsernameKey)
            .limit(limit)
            .all(self.database.read())
            .await
    }
}

/// Those who have blocked a user.
fn blocking(user: i64) -> sea_orm::sea_query::SelectStatement {
    let one = |column: conversation::Column| Expr::col(column).eq(user);
    Query::select()
        .column(conversation::Column::BlockedBy)
        .from(conversation::Entity)
        .cond_where(
            Condition::any()
                .add(one(conversation::Column::UserA))
                .add(one(conversation::Column::UserB)),
        )
        .and_where(conversation::Column::BlockedBy.is_not_null())
        .and_where(conversation::Column::BlockedBy.ne(user))
        .to_owned()
}
