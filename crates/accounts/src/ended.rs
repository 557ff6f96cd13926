//! Being told that somebody is logged in no more.
//!
//! What ends in this process is told at once. What ends in another one, by a command, or in the very
//! moment in which somebody begins to wait, is found in the database by [`Accounts::keep_house`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use tokio::sync::watch;

use crate::accounts::Inner;
use crate::clock::now;
use crate::entity::{session, token};
use crate::{Accounts, Credential, Problem};

/// Tells when that by which somebody is known is over: a session that was logged out, ended from a
/// list or expired, a token that was taken back. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Ended(watch::Receiver<()>);

impl Ended {
    /// Waits for it. Where it is over already, that is at once.
    pub async fn wait(mut self) {
        // Nothing is ever sent: the other end goes.
        while self.0.changed().await.is_ok() {}
    }
}

/// Those of whose end somebody wants to hear.
pub(crate) struct Watch {
    credentials: Mutex<HashMap<Credential, watch::Sender<()>>>,
    credentials_max: usize,
}

/// How many are asked for in one statement.
const BATCH: usize = 500;

impl Watch {
    pub(crate) fn new(credentials_max: usize) -> Watch {
        Watch { credentials: Mutex::default(), credentials_max }
    }

    fn subscribe(&self, credential: Credential) -> Result<Ended, Problem> {
        let mut credentials = self.lock();
        if let Some(told) = credentials.get(&credential) {
            return Ok(Ended(told.subscribe()));
        }
        if credentials.len() >= self.credentials_max {
            credentials.retain(|_, told| !told.is_closed());
        }
        if credentials.len() >= self.credentials_max {
            return Err(Problem::Busy);
        }
        let (told, ended) = watch::channel(());
        credentials.insert(credential, told);
        Ok(Ended(ended))
    }

    pub(crate) fn end(&self, credential: Credential) {
        self.lock().remove(&credential);
    }

    /// Returns those for whose end somebody waits still.
    fn awaited(&self) -> Vec<Credential> {
        let mut credentials = self.lock();
        credentials.retain(|_, told| !told.is_closed());
        credentials.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Credential, watch::Sender<()>>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    /// Returns what tells when somebody is logged in no more.
    ///
    /// # Errors
    ///
    /// [`Problem::Busy`] if there are `watched_max` of them.
    pub fn ended(&self, credential: Credential) -> Result<Ended, Problem> {
        let ended = self.0.watch.subscribe(credential);
        if ended.is_err() {
            self.0.counters.watched_full.one_more();
        }
        ended
    }

    /// Looks after the accounts every `watch_every`, as long as there are any: to be spawned once.
    pub async fn keep_house(self) {
        let every = self.settings().watch_every;
        let inner: Weak<Inner> = Arc::downgrade(&self.0);
        drop(self);
        loop {
            tokio::time::sleep(every).await;
            let Some(inner) = inner.upgrade() else { return };
            // What failed was logged, and is tried again the next time.
            let _ = Accounts(inner).look_after().await;
        }
    }

    /// Ends the sessions that have expired, and tells of those that were ended elsewhere.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn look_after(&self) -> Result<(), Problem> {
        self.end_expired_sessions().await?;
        let awaited = self.0.watch.awaited();
        for credentials in awaited.chunks(BATCH) {
            let live = self.live(credentials).await?;
            for credential in credentials.iter().filter(|credential| !live.contains(credential)) {
                self.0.watch.end(*credential);
            }
        }
        Ok(())
    }

    async fn live(&self, credentials: &[Credential]) -> Result<Vec<Credential>, Problem> {
        let sessions = credentials.iter().filter_map(|credential| match credential {
            Credential::Session(id) => Some(*id),
            Credential::Token(_) => None,
        });
        let users = credentials.iter().filter_map(|credential| match credential {
            Credential::Session(_) => None,
            Credential::Token(user_id) => Some(*user_id),
        });
        let sessions: Vec<i64> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::Id.is_in(sessions))
            .filter(session::Column::ExpiresAt.gt(now()))
            .into_tuple()
            .all(self.database())
            .await?;
        let users: Vec<i64> = token::Entity::find()
            .select_only()
            .column(token::Column::UserId)
            .filter(token::Column::UserId.is_in(users))
            .into_tuple()
            .all(self.database())
            .await?;
        let sessions = sessions.into_iter().map(Credential::Session);
        Ok(sessions.chain(users.into_iter().map(Credential::Token)).collect())
    }
}
