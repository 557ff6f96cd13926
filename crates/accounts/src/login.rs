//! Proving who somebody is.

use axum::response::Response;

use crate::cookies::SessionChange;
use crate::{Accounts, Caller, Client, Password, Problem, User, found};

/// By what somebody is known. As an extractor it takes only who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A session, by its number.
    Session(i64),
    /// The token of the user with this number.
    Token(i64),
}

impl Accounts {
    /// Returns who has this name and password; none if nobody has.
    ///
    /// A name that nobody has takes as long as one with another password. After some failures from
    /// the client's address it is refused for a while, whatever the password. A hash of another
    /// [cost](crate::HashCost) than is set is made anew.
    ///
    /// # Errors
    ///
    /// [`Problem::Throttled`] then; [`Problem::Busy`] if too many passwords are checked already.
    pub async fn authenticate(
        &self,
        username: &str,
        password: Password,
        client: &Client,
    ) -> Result<Option<User>, Problem> {
        let counters = &self.0.counters;
        let attempt = self.0.throttle.attempt(username, client.address, self.settings());
        let attempt = attempt.inspect_err(|_| counters.logins_throttled.one_more())?;
        let row = self.user_row(username).await?.filter(|row| row.is_active);
        let hash = row.as_ref().map(|row| row.password.clone());
        let again = password.clone();
        if !self.0.hasher.verify(password, hash).await? {
            counters.logins_failed.one_more();
            tracing::info!(address = client.address_text(), "a login failed");
            return Ok(None);
        }
        self.0.throttle.succeeded(attempt);
        counters.logins.one_more();
        let Some(row) = row else { return Ok(None) };
        if !self.0.hasher.is_current(&row.password) {
            let hash = self.0.hasher.hash(again).await?;
            self.store_password(row.id, hash).await?;
        }
        Ok(Some(User::from(row)))
    }

    /// Begins a session for somebody who has proved who it is, in the place of the one before, and
    /// leads to `next`, a [local path](crate::local_path). It is for applications that know other
    /// proofs than a password; it must be within [`Accounts::pages`].
    ///
    /// What was set in this browser by somebody else is worth nothing afterwards.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn log_in(
        &self,
        before: &Caller,
        user: &User,
        client: &Client,
        next: &str,
    ) -> Result<Response, Problem> {
        if let Caller::User(before, Credential::Session(session)) = before {
            self.end_session(before.id, *session).await?;
        }
        let session = self.begin_session(user.id, client).await?;
        let mut response = found(next);
        response.extensions_mut().insert(SessionChange::Begun(session));
        Ok(response)
    }

    /// Gives a user another password. All its sessions end but one, and its token is another.
    ///
    /// # Errors
    ///
    /// [`Problem::Invalid`] if the password is weak (`password`).
    pub async fn set_password(
        &self,
        user: &User,
        password: Password,
        but: Option<i64>,
    ) -> Result<(), Problem> {
        let faults = password.faults(&user.username, self.settings());
        if let Some(first) = faults.first() {
            return Err(Problem::field("password", first.clone()));
        }
        let hash = self.0.hasher.hash(password).await?;
        self.store_password(user.id, hash).await?;
        self.end_sessions(user.id, but).await?;
        self.remove_token(user.id).await
    }
}
