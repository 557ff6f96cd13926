//! What commands work with: the database, as a server has it.

use super::nearest::unknown;
use super::told::Failure;
use crate::app::App;
use crate::database;
use crate::entities::action_type;
use crate::settings::Settings;
use crate::store::{Author, ChangeError, Store};
use campanile_accounts::{Accounts, User};
use std::io::Write;
use std::path::Path;

/// The database, and who works with it.
pub(super) struct Tools {
    pub(super) store: Store,
    pub(super) accounts: Accounts,
    /// The administrator's name in histories.
    pub(super) author: String,
}

/// A command asks one question after another.
const CONNECTIONS: u32 = 2;

impl Tools {
    pub(super) async fn open(author: Option<String>) -> Result<Tools, Failure> {
        let settings = settings()?;
        let missing = missing_file(settings.database_url.reveal());
        let database = database::open(settings.database_url.reveal(), CONNECTIONS).await;
        let database = database.map_err(|error| Failure::of(error.to_string()))?;
        if let Some(file) = missing {
            let message = format!(
                "scram: there was no database {file}: an empty one was made. Where it should be, \
                 SCRAM_DATABASE_URL says."
            );
            let _ = writeln!(std::io::stderr(), "{message}");
        }
        let store = Store::new(database, &settings.hostname, settings.limits);
        let accounts = App::accounts(&store, &settings)?;
        let author = author.unwrap_or_else(name_of_user);
        Ok(Tools { store, accounts, author })
    }

    pub(super) async fn close(self) {
        // What was to be written is written; a database that does not let go changes nothing.
        let _ = self.store.database().clone().close().await;
    }

    /// Returns what a store is told of who asks.
    pub(super) fn as_author(&self) -> Author {
        Author { user: Some(self.author.clone()), may_write: true, client: None }
    }

    /// Finds a user by its name.
    pub(super) async fn user(&self, name: &str) -> Result<User, Failure> {
        if let Some(user) = self.accounts.user(name).await? {
            return Ok(user);
        }
        let users = self.users().await?;
        let names = users.iter().map(|user| user.username.as_str());
        Err(unknown("user", name, names, "scram user list"))
    }

    pub(super) async fn users(&self) -> Result<Vec<User>, Failure> {
        Ok(self.accounts.users(0, i64::MAX.unsigned_abs()).await?)
    }

    /// Finds an action type by its name.
    pub(super) async fn action_type(&self, name: &str) -> Result<action_type::Model, Failure> {
        let all = self.store.action_types().await?;
        if let Some(found) = all.iter().find(|row| row.name == name) {
            return Ok(found.clone());
        }
        let names = all.iter().map(|row| row.name.as_str());
        Err(unknown("action type", name, names, "scram action-type list"))
    }

    /// Finds several action types by their names.
    pub(super) async fn action_types(&self, names: &[String]) -> Result<Vec<i64>, Failure> {
        let mut numbers = Vec::with_capacity(names.len());
        for name in names {
            let number = self.action_type(name).await?.id;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }
}

/// Reads the environment.
pub(super) fn settings() -> Result<Settings, Failure> {
    Settings::from_environment().map_err(|error| Failure::usage(error.to_string()))
}

/// Returns the file of an SQLite database that is not there; by mistake, perhaps.
fn missing_file(url: &str) -> Option<String> {
    let file = url.strip_prefix("sqlite:")?;
    let file = file.strip_prefix("//").unwrap_or(file).split('?').next()?;
    (!file.contains(":memory:") && !Path::new(file).exists()).then(|| file.to_owned())
}

/// Who is behind `sudo` says more than `root`.
fn name_of_user() -> String {
    let named =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let name = named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    name.map_or_else(|| "administrator".to_owned(), |name| name.chars().take(150).collect())
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Failure {
        Failure::of(error.to_string())
    }
}
