//! The first administrator: made by whoever can read the log, and nobody else.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::secret::Secret;
use crate::{Accounts, NewUser, Problem, User};

/// The link of this process that makes the first administrator.
#[derive(Default)]
pub(crate) struct FirstLink {
    offered: Mutex<Option<Offer>>,
    /// Held while one is made: a link is used once, also by two who use it at once.
    making: tokio::sync::Mutex<()>,
}

struct Offer {
    token: Secret,
    until: Instant,
}

impl FirstLink {
    fn offer(&self, valid_for: Duration) -> Secret {
        let token = Secret::random::<32>();
        let until = Instant::now() + valid_for;
        *self.lock() = Some(Offer { token: token.clone(), until });
        token
    }

    fn is_valid(&self, token: &str) -> bool {
        let offered = self.lock();
        let current = offered.as_ref().filter(|offer| Instant::now() < offer.until);
        current.is_some_and(|offer| offer.token.is(token))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Offer>> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    /// Returns, where there is no user yet and people log in by passwords, the path of a page that makes the first one, a superuser:
    /// once, and for [`first_link_for`](crate::Settings::first_link_for). It is for the log of this
    /// process, which only its operators read. A path returned before is valid no more.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn first_administrator_path(&self) -> Result<Option<String>, Problem> {
        if !self.has_passwords() || self.user_count().await? > 0 {
            return Ok(None);
        }
        let token = self.0.first.offer(self.settings().first_link_for);
        Ok(Some(format!("/auth/first/{}/", token.reveal())))
    }

    /// Goes on only if a link would make an administrator now.
    pub(crate) async fn check_first_link(&self, token: &str) -> Result<(), Problem> {
        if self.0.first.is_valid(token) && self.user_count().await? == 0 {
            return Ok(());
        }
        Err(Problem::NotFound)
    }

    /// Makes the first administrator; the link is valid no more.
    pub(crate) async fn make_first(&self, token: &str, new: NewUser) -> Result<User, Problem> {
        let _making = self.0.first.making.lock().await;
        self.check_first_link(token).await?;
        let user = self.create_user(NewUser { is_superuser: true, ..new }).await?;
        *self.0.first.lock() = None;
        tracing::info!(username = user.username, "the first administrator was made");
        Ok(user)
    }
}
