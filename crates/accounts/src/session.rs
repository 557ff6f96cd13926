//! Sessions: somebody is known by a cookie, of which the table keeps only the hash.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::clock::{now, seconds};
use crate::entity::{session, user};
use crate::secret::Secret;
use crate::{Accounts, Client, Credential, Problem, User};

/// A session, as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// When it began, in seconds since 1970.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub seen_at: i64,
    /// The address it began from: perhaps empty.
    pub address: String,
    /// The program it began with, as that called itself.
    pub user_agent: String,
}

/// How often it is written down that a session was used.
const SEEN_EVERY: i64 = 60;

/// More of what a program calls itself is not kept.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// How many sessions end in one statement.
const BATCH: u64 = 500;

impl Accounts {
    /// Begins a session, and returns what its cookie holds.
    pub(crate) async fn begin_session(
        &self,
        user_id: i64,
        client: &Client,
    ) -> Result<Secret, Problem> {
        let (key, now) = (Secret::random::<32>(), now());
        let user_agent = client.user_agent.chars().take(USER_AGENT_CHARACTERS_MAX).collect();
        let row = session::ActiveModel {
            id: NotSet,
            key_hash: Set(key.hash()),
            user_id: Set(user_id),
            created_at: Set(now),
            seen_at: Set(now),
            expires_at: Set(now.saturating_add(seconds(self.settings().session_idle))),
            address: Set(client.address.map(|it| it.to_string()).unwrap_or_default()),
            user_agent: Set(user_agent),
        };
        row.insert(self.writer()).await?;
        self.end_oldest_sessions(user_id).await?;
        self.0.counters.sessions_begun.one_more();
        Ok(key)
    }

    /// Finds whose session it is, and writes down now and then that it was used.
    pub(crate) async fn user_by_session(
        &self,
        key: &Secret,
    ) -> Result<Option<(User, i64)>, Problem> {
        let now = now();
        let found = session::Entity::find()
            .filter(session::Column::KeyHash.eq(key.hash()))
            .filter(session::Column::ExpiresAt.gt(now))
            .find_also_related(user::Entity)
            .one(self.database())
            .await?;
        let Some((session, Some(user))) = found else { return Ok(None) };
        if !user.is_active {
            return Ok(None);
        }
        let id = session.id;
        if now - session.seen_at >= SEEN_EVERY {
            self.session_seen(session, now).await?;
        }
        Ok(Some((User::from(user), id)))
    }

    /// Returns the sessions of a user, the last used first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sessions(&self, user_id: i64) -> Result<Vec<Session>, Problem> {
        let rows = session::Entity::find()
            .filter(session::Column::UserId.eq(user_id))
            .filter(session::Column::ExpiresAt.gt(now()))
            .order_by_desc(session::Column::SeenAt)
            .order_by_desc(session::Column::Id)
            .limit(self.settings().sessions_max)
            .all(self.database())
            .await?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// Ends a session of a user; whoever [waits](crate::Ended) for it is told. Nothing happens if it
    /// is none, or somebody else's.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn end_session(&self, user_id: i64, session: i64) -> Result<(), Problem> {
        let deleted = session::Entity::delete_many()
            .filter(session::Column::Id.eq(session))
            .filter(session::Column::UserId.eq(user_id))
            .exec(self.writer())
            .await?;
        if deleted.rows_affected > 0 {
            self.0.watch.end(Credential::Session(session));
        }
        Ok(())
    }

    /// Ends all sessions of a user, but for one that is to stay.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn end_sessions(&self, user_id: i64, but: Option<i64>) -> Result<(), Problem> {
        let all = session::Entity::find().filter(session::Column::UserId.eq(user_id));
        let ids: Vec<i64> =
            all.select_only().column(session::Column::Id).into_tuple().all(self.database()).await?;
        self.end_these(ids.into_iter().filter(|id| Some(*id) != but).collect()).await
    }

    /// Ends the sessions that nobody has used in time; what is left is done the next time.
    pub(crate) async fn end_expired_sessions(&self) -> Result<(), Problem> {
        let over = session::Entity::find().filter(session::Column::ExpiresAt.lte(now()));
        let ids = over.select_only().column(session::Column::Id).limit(BATCH);
        self.end_these(ids.into_tuple().all(self.database()).await?).await
    }

    async fn end_oldest_sessions(&self, user_id: i64) -> Result<(), Problem> {
        let all = session::Entity::find().filter(session::Column::UserId.eq(user_id));
        let newest_first = all.order_by_desc(session::Column::Id).select_only();
        let too_many = newest_first
            .column(session::Column::Id)
            .offset(self.settings().sessions_max.max(1))
            .limit(BATCH);
        let ids: Vec<i64> = too_many.into_tuple().all(self.database()).await?;
        ids.iter().for_each(|_| self.0.counters.sessions_displaced.one_more());
        self.end_these(ids).await
    }

    async fn end_these(&self, ids: Vec<i64>) -> Result<(), Problem> {
        for ids in ids.chunks(BATCH as usize) {
            let these = session::Column::Id.is_in(ids.iter().copied());
            session::Entity::delete_many().filter(these).exec(self.writer()).await?;
            for id in ids {
                self.0.watch.end(Credential::Session(*id));
            }
        }
        Ok(())
    }

    async fn session_seen(&self, session: session::Model, now: i64) -> Result<(), Problem> {
        let idle = now.saturating_add(seconds(self.settings().session_idle));
        let oldest = session.created_at.saturating_add(seconds(self.settings().session_age_max));
        // If it was ended just now, no row is written, and none comes back.
        session::Entity::update_many()
            .col_expr(session::Column::SeenAt, now.into())
            .col_expr(session::Column::ExpiresAt, idle.min(oldest).into())
            .filter(session::Column::Id.eq(session.id))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Session {
        Session {
            id: row.id,
            created_at: row.created_at,
            seen_at: row.seen_at,
            address: row.address,
            user_agent: row.user_agent,
        }
    }
}
