//! Who comes back from the provider is a user here.

use super::claims::Claims;
use super::rights::Rights;
use super::{Attempt, Provider, UsernameClaim};
use crate::secret::Secret;
use crate::user::{fault, normal};
use crate::{Accounts, NewUser, Problem, User};

impl Accounts {
    /// Returns who has come back from the provider with a code: made or changed as the provider says.
    pub(crate) async fn user_of_provider(
        &self,
        provider: &Provider,
        attempt: &Attempt,
        code: String,
    ) -> Result<User, Problem> {
        let claims = provider.claims(attempt, code).await?;
        let username = self.name_of(provider, &claims)?;
        let known = self.user(&username).await?;
        let Some(rights) = provider.settings.groups.rights(&claims.groups) else {
            if let Some(known) = &known {
                self.change_user(&by(known, &claims, Rights::default())).await?;
            }
            return Err(refused(&username, "You are in a group that may not use this."));
        };
        match known {
            None => self.create_user(new_user(&username, claims, rights)).await,
            Some(known) if !known.is_active => {
                Err(refused(&username, "Your account here is not active. Ask an administrator."))
            }
            Some(known) => {
                let changed = by(&known, &claims, rights);
                if changed != known {
                    self.change_user(&changed).await?;
                }
                Ok(changed)
            }
        }
    }

    fn name_of(&self, provider: &Provider, claims: &Claims) -> Result<String, Problem> {
        let (claim, name) = match provider.settings.username {
            UsernameClaim::PreferredUsername => ("preferred_username", &claims.preferred_username),
            UsernameClaim::Email => ("email", &claims.email),
        };
        if provider.settings.username == UsernameClaim::Email && !claims.email_verified {
            let why = "The login provider does not say that it has verified your address.";
            return Err(refused(name.as_deref().unwrap_or_default(), why));
        }
        let name = normal(name.as_deref().unwrap_or_default());
        match fault(&name, self.settings()) {
            None => Ok(name),
            Some(fault) => {
                let why = format!(
                    "The login provider's \"{claim}\" for you cannot be a name here: {fault}"
                );
                Err(refused(&name, &why))
            }
        }
    }
}

/// Returns a user as the provider says it is.
fn by(known: &User, claims: &Claims, rights: Rights) -> User {
    User {
        name: claims.name.clone(),
        email: claims.email.clone().unwrap_or_default(),
        groups: rights.groups,
        is_superuser: rights.is_superuser,
        ..known.clone()
    }
}

/// Makes a user of a password that nobody knows.
fn new_user(username: &str, claims: Claims, rights: Rights) -> NewUser {
    NewUser {
        name: claims.name,
        email: claims.email.unwrap_or_default(),
        groups: rights.groups,
        is_superuser: rights.is_superuser,
        ..NewUser::new(username, Secret::random::<32>().reveal())
    }
}

fn refused(username: &str, why: &str) -> Problem {
    tracing::warn!(username, why, "a login by the provider is refused");
    Problem::Forbidden(why.to_owned())
}
