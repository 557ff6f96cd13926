//! Passwords: argon2id, away from the threads that answer, and not too many at once.

mod common;

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::entity::PasswordHash;
use crate::statistics::Counters;
use crate::{Problem, Settings};

/// A password, as somebody typed it. `Debug` does not show it.
#[derive(Clone, Deserialize, Default)]
#[serde(transparent)]
pub struct Password(String);

/// Longer ones are nobody's. In bytes.
const PASSWORD_BYTES_MAX: usize = 1024;

impl Password {
    /// Returns what is wrong with a password that somebody wants to have; nothing, if it will do.
    pub(crate) fn faults(&self, username: &str, settings: &Settings) -> Vec<String> {
        let (password, characters_min) = (self.0.to_lowercase(), settings.password_characters_min);
        let username = username.to_lowercase();
        let mut faults = Vec::new();
        if self.0.chars().count() < characters_min {
            faults.push(format!(
                "This password is too short. It must contain at least {characters_min} characters."
            ));
        }
        if self.0.len() > PASSWORD_BYTES_MAX {
            faults.push("This password is too long.".to_owned());
        }
        if faults.is_empty() && common::is_common(&password) {
            faults.push("This password is too common.".to_owned());
        }
        if is_like(&password, &username) {
            faults.push("The password is too similar to the username.".to_owned());
        }
        faults
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Two fields of one form are compared, nothing that is kept: the time may tell.
    pub(crate) fn is_same(&self, other: &Password) -> bool {
        self.0 == other.0
    }
}

impl<T: Into<String>> From<T> for Password {
    fn from(text: T) -> Password {
        Password(text.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Returns whether a password is a part of the name, or hardly more than it.
fn is_like(password: &str, username: &str) -> bool {
    if password.is_empty() || username.is_empty() {
        return false;
    }
    let rest = password.replace(username, "");
    username.contains(password) || rest != password && rest.chars().count() < 4
}

/// What a hash of a password costs whoever makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// The memory in KiB: 19,456, the least that OWASP advises for two passes.
    pub memory_kib: u32,
    /// How often it goes over it: 2.
    pub passes: u32,
    /// How many lanes it has: 1. More do not make it faster here.
    pub lanes: u32,
}

impl Default for HashCost {
    fn default() -> HashCost {
        HashCost { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Hashes passwords.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    /// What is compared where there is no user: so that it takes as long.
    nobody: PasswordHash,
    at_once: Arc<Semaphore>,
    at_once_or_waiting: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// The right to hash one password.
struct Place {
    _at_once: OwnedSemaphorePermit,
    _at_once_or_waiting: OwnedSemaphorePermit,
}

impl Hasher {
    pub(crate) fn new(settings: &Settings, counters: Arc<Counters>) -> Result<Hasher, Problem> {
        let HashCost { memory_kib, passes, lanes } = settings.hash_cost;
        let params = Params::new(memory_kib, passes, lanes, None);
        let params = params.map_err(|error| Problem::malformed(format!("hash_cost: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let at_once = settings.hashes_max.max(1);
        Ok(Hasher {
            nobody: hash(&argon2, &Password::from("nobody's password"))?,
            argon2,
            at_once: Arc::new(Semaphore::new(at_once)),
            at_once_or_waiting: Arc::new(Semaphore::new(at_once + settings.hashes_waiting_max)),
            counters,
        })
    }

    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, Problem> {
        let argon2 = self.argon2.clone();
        self.away(move || hash(&argon2, &password)).await?
    }

    /// Compares a password with a user's; if there is no user, takes as long and says no.
    pub(crate) async fn verify(
        &self,
        password: Password,
        known: Option<PasswordHash>,
    ) -> Result<bool, Problem> {
        let (argon2, is_known) = (self.argon2.clone(), known.is_some());
        let known = known.unwrap_or_else(|| self.nobody.clone());
        self.away(move || is_known & verify(&argon2, &password, &known)).await
    }

    /// Returns whether a hash costs what is set.
    pub(crate) fn is_current(&self, known: &PasswordHash) -> bool {
        let known = phc::PasswordHash::new(&known.0).ok();
        let cost = known.and_then(|known| Params::try_from(&known).ok());
        let set = self.argon2.params();
        cost.is_some_and(|cost| {
            (cost.m_cost(), cost.t_cost(), cost.p_cost())
                == (set.m_cost(), set.t_cost(), set.p_cost())
        })
    }

    /// Works on a thread for it. The place is kept until it is done, also where nobody waits any more.
    async fn away<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.place().await?;
        let working = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        working.await.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Problem::Unavailable
        })
    }

    async fn place(&self) -> Result<Place, Problem> {
        let waiting = Arc::clone(&self.at_once_or_waiting).try_acquire_owned();
        let waiting = waiting.map_err(|_| {
            self.counters.hashes_refused.one_more();
            Problem::Busy
        })?;
        let at_once = Arc::clone(&self.at_once).acquire_owned().await;
        let at_once = at_once.expect("the semaphore is never closed");
        Ok(Place { _at_once: at_once, _at_once_or_waiting: waiting })
    }
}

fn hash(argon2: &Argon2<'_>, password: &Password) -> Result<PasswordHash, Problem> {
    let hash: Result<phc::PasswordHash, _> = argon2.hash_password(password.0.as_bytes());
    hash.map(|hash| PasswordHash(hash.to_string())).map_err(|error| {
        tracing::error!(%error, "a password could not be hashed");
        Problem::Unavailable
    })
}

fn verify(argon2: &Argon2<'_>, password: &Password, known: &PasswordHash) -> bool {
    if password.0.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let known = phc::PasswordHash::new(&known.0);
    known.is_ok_and(|known| argon2.verify_password(password.0.as_bytes(), &known).is_ok())
}
