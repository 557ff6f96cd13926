//! What every request, socket and timer of one server shares.

use crate::api::Surface;
use crate::dispatch::CatchUp;
use crate::pages;
use crate::settings::{Oidc, Settings};
use crate::store::{Author, Store};
use crate::translators::Translators;
use axum::extract::FromRef;
use campanile_accounts::{Accounts, Brand, Caller, Link, Problem, Transport, User};
use campanile_consumer::Server as Sockets;
use std::sync::Arc;

/// Whoever is in it may see entries.
pub const READONLY: &str = "readonly";

/// Whoever is in it may see, add and remove entries.
pub const READWRITE: &str = "readwrite";

/// What every request, socket and timer of one server shares. Clones are the same.
#[derive(Clone, Debug)]
pub struct App {
    /// What the environment says.
    pub settings: Arc<Settings>,
    /// What SCRAM knows.
    pub store: Store,
    /// Who may do what.
    pub accounts: Accounts,
    /// The WebSockets.
    pub sockets: Sockets,
    /// The translators that are connected to this process.
    pub translators: Translators,
    /// What is remembered of the API's requests.
    pub surface: Arc<Surface>,
    /// Has the dispatcher of this instance catch up.
    pub catch_up: CatchUp,
}

impl App {
    /// Makes the accounts of this application.
    ///
    /// # Errors
    ///
    /// If the costs of a password's hash are none.
    pub fn accounts(store: &Store, settings: &Settings) -> Result<Accounts, Problem> {
        let database = store.database();
        let (reader, writer) = (database.read().clone(), database.writer().clone());
        let bar = pages::Bar::new(store.clone(), settings.public_pages);
        let settings = campanile_accounts::Settings {
            bar: Some(Arc::new(bar)),
            ..App::accounts_settings(settings)
        };
        Accounts::with_writer(reader, writer, settings)
    }

    /// Returns how the accounts of this application are.
    pub fn accounts_settings(settings: &Settings) -> campanile_accounts::Settings {
        let link = |path: &str, label: &str, group: Option<&str>| Link {
            path: path.to_owned(),
            label: label.to_owned(),
            group: group.map(str::to_owned),
        };
        let brand = Brand {
            name: "SCRAM".to_owned(),
            logo: Some(pages::LOGO.to_owned()),
            styles: vec![pages::STYLE.to_owned()],
            links: vec![
                link("/entries/", "Entries", None),
                // Nobody is put into this group: superusers are in each.
                link("/admin/", "Admin", Some("administrators")),
            ],
            own_page: Some("/users/~redirect/".to_owned()),
        };
        let proxies = settings.proxies.clone();
        let transport =
            if proxies.is_empty() { Transport::Plain } else { Transport::Proxies(proxies) };
        campanile_accounts::Settings {
            brand,
            transport,
            groups: vec![READONLY.to_owned(), READWRITE.to_owned()],
            oidc: settings.oidc.as_ref().map(Oidc::for_accounts),
            ..campanile_accounts::Settings::new("SCRAM")
        }
    }
}

/// Says whether a user may see entries in full.
pub fn may_view(user: &User) -> bool {
    user.is_in(READONLY) || user.is_in(READWRITE)
}

/// Says whether a user may add and remove entries.
pub fn may_write(user: &User) -> bool {
    user.is_in(READWRITE)
}

/// Goes on only with who may see entries in full.
///
/// # Errors
///
/// [`Problem::Forbidden`] for others.
pub fn require_view(user: &User) -> Result<(), Problem> {
    user.require(may_view(user))
}

/// Goes on only with who may add and remove entries.
///
/// # Errors
///
/// [`Problem::Forbidden`] for others.
pub fn require_write(user: &User) -> Result<(), Problem> {
    user.require(may_write(user))
}

/// Returns under which name a caller's changes are written, and whether they may be made.
pub fn author(caller: &Caller) -> Author {
    Author {
        user: caller.user().map(|user| user.username.clone()),
        may_write: caller.user().is_some_and(may_write),
        client: None,
    }
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Accounts {
        app.accounts.clone()
    }
}

impl FromRef<App> for Store {
    fn from_ref(app: &App) -> Store {
        app.store.clone()
    }
}
