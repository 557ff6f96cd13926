//! The one value that an application holds.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sea_orm::DatabaseConnection;

use crate::ended::Watch;
use crate::first::FirstLink;
use crate::oidc::Provider;
use crate::password::Hasher;
use crate::statistics::Counters;
use crate::throttle::Throttle;
use crate::{Client, PerMinute, Problem, Settings, Statistics, pages, programs, surface};

/// The people of an application. Clones are the same.
#[derive(Clone)]
pub struct Accounts(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) database: DatabaseConnection,
    /// By which everything is written.
    pub(crate) writer: DatabaseConnection,
    pub(crate) settings: Settings,
    /// By which people log in; none if they do by passwords.
    pub(crate) provider: Option<Provider>,
    pub(crate) hasher: Hasher,
    pub(crate) throttle: Throttle,
    pub(crate) registrations: PerMinute,
    pub(crate) watch: Watch,
    pub(crate) first: FirstLink,
    pub(crate) counters: Arc<Counters>,
}

impl Accounts {
    /// Takes a database, in which the [`migrations`](crate::migrations) have been run or are about to
    /// be.
    ///
    /// # Errors
    ///
    /// If the costs of a hash are none, or a provider cannot be asked.
    pub fn new(database: DatabaseConnection, settings: Settings) -> Result<Accounts, Problem> {
        Accounts::with_writer(database.clone(), database, settings)
    }

    /// Takes another way to the same database for all that is written. SQLite lets one connection
    /// write: where the application has one for that, who logs in waits there in its queue, and is
    /// not told that the database is locked.
    ///
    /// # Errors
    ///
    /// If the costs of a hash are none, or a provider cannot be asked.
    pub fn with_writer(
        database: DatabaseConnection,
        writer: DatabaseConnection,
        settings: Settings,
    ) -> Result<Accounts, Problem> {
        let counters = Arc::<Counters>::default();
        let inner = Inner {
            provider: settings.oidc.clone().map(Provider::new).transpose()?,
            hasher: Hasher::new(&settings, Arc::clone(&counters))?,
            throttle: Throttle::new(settings.throttled_max, Arc::clone(&counters)),
            registrations: PerMinute::new(
                settings.registrations_per_minute_max,
                settings.throttled_max,
            ),
            watch: Watch::new(settings.watched_max),
            first: FirstLink::default(),
            counters,
            database,
            writer,
            settings,
        };
        Ok(Accounts(Arc::new(inner)))
    }

    /// Returns what was set.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Returns what was counted since the start.
    pub fn statistics(&self) -> Statistics {
        self.0.counters.read()
    }

    /// Returns the routes of login, logout, registration, tokens and the style sheet, wrapped already.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let pages = self.pages(pages::routes(self));
        let programs = self.api(programs::routes(self));
        pages.merge(programs).merge(programs::open_routes()).with_state(self.clone())
    }

    /// Wraps routes of pages. Each request that may change something must hold the anti-forgery token,
    /// in a form's field `csrfmiddlewaretoken` or, whatever it sends, in the header `X-CSRFToken`; a
    /// [`Problem`] becomes a page, and who is not logged in is led to the login.
    pub fn pages<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        routes.layer(from_fn_with_state(self.clone(), surface::page))
    }

    /// Wraps routes of programs. A request that comes with a session's cookie must hold the
    /// anti-forgery token if it may change something; a [`Problem`] is JSON.
    pub fn api<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        routes.layer(from_fn_with_state(self.clone(), surface::api))
    }

    /// Returns the database.
    pub fn database(&self) -> &DatabaseConnection {
        &self.0.database
    }

    /// Returns whether people log in by passwords, rather than by a provider.
    pub(crate) fn has_passwords(&self) -> bool {
        self.0.provider.is_none()
    }

    /// Returns whether strangers may register.
    pub(crate) fn has_registration(&self) -> bool {
        self.settings().registration && self.has_passwords()
    }

    /// Lets somebody register, or says how long to wait.
    pub(crate) fn let_register(&self, client: &Client) -> Result<(), Problem> {
        let outcome = self.0.registrations.once_more(client);
        outcome.inspect_err(|_| self.0.counters.registrations_throttled.one_more())
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
