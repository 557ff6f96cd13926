//! What users are called. A name is never changed, so that each is asked for once.

use crate::store::Store;
use sea_orm::DbErr;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The names by which users log in. Clones are the same.
#[derive(Clone, Debug)]
pub struct Names {
    store: Store,
    known: Arc<Mutex<HashMap<i64, Arc<str>>>>,
}

/// How many are remembered; then all are forgotten.
const KNOWN_MAX: usize = 100_000;

/// What a user is called who is not there any more.
const NOBODY: &str = "";

impl Names {
    /// Begins to remember.
    pub fn new(store: Store) -> Names {
        Names { store, known: Arc::default() }
    }

    /// Returns what a user is called.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn name(&self, user: i64) -> Result<Arc<str>, DbErr> {
        Ok(self.all([user]).await?.of(user))
    }

    /// Returns what these users are called.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn all(&self, users: impl IntoIterator<Item = i64>) -> Result<Named, DbErr> {
        let mut named = HashMap::new();
        let mut strangers = Vec::new();
        {
            let known = self.known();
            for user in users {
                match known.get(&user) {
                    Some(name) => drop(named.insert(user, Arc::clone(name))),
                    None => strangers.push(user),
                }
            }
        }
        if !strangers.is_empty() {
            let found = self.store.usernames(strangers).await?;
            let found = found.into_iter().map(|(user, name)| (user, Arc::<str>::from(name)));
            named.extend(found);
            let mut known = self.known();
            if known.len() + named.len() > KNOWN_MAX {
                known.clear();
            }
            known.extend(named.iter().map(|(user, name)| (*user, Arc::clone(name))));
        }
        Ok(Named(named))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<i64, Arc<str>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some users' names.
#[derive(Clone, Debug)]
pub struct Named(HashMap<i64, Arc<str>>);

impl Named {
    /// Returns what a user is called.
    pub fn of(&self, user: i64) -> Arc<str> {
        self.0.get(&user).map_or_else(|| NOBODY.into(), Arc::clone)
    }
}
