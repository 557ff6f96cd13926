//! What commands work with: the database, as a server has it.

use crate::app::App;
use crate::database;
use crate::settings::Settings;
use crate::store::Store;
use campanile_accounts::{Accounts, User};
use campanile_application::Failure;

/// The database, and the people in it.
pub(super) struct Tools {
    pub(super) store: Store,
    pub(super) accounts: Accounts,
}

/// A command asks one question after another.
const CONNECTIONS: u32 = 2;

impl Tools {
    pub(super) async fn open() -> Result<Tools, Failure> {
        Tools::of(&settings()?).await
    }

    pub(super) async fn of(settings: &Settings) -> Result<Tools, Failure> {
        let database = database::open(settings.database_url.reveal(), CONNECTIONS).await;
        let database = database.map_err(|error| Failure::of(error.to_string()))?;
        let accounts = App::accounts(&database, settings)?;
        let store = Store::new(database, &settings.instance, settings.limits);
        Ok(Tools { store, accounts })
    }

    pub(super) async fn close(self) {
        // What was to be written is written; a database that does not let go changes nothing.
        let _ = self.store.database().clone().close().await;
    }

    /// Finds a user by its name.
    pub(super) async fn user(&self, name: &str) -> Result<User, Failure> {
        let found = self.accounts.user(name).await?;
        let unknown = || format!("There is no user {name:?}. `digi user list` shows all.");
        found.ok_or_else(|| Failure::of(unknown()))
    }
}

/// Reads the environment.
pub(super) fn settings() -> Result<Settings, Failure> {
    Settings::from_environment().map_err(|error| Failure::usage(error.to_string()))
}
