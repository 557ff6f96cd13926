//! The server: everything opened, started, and ended in the right order.

use crate::app::App;
use crate::database::{self, OpenError};
use crate::events::Tell;
use crate::frames::Frames;
use crate::names::Names;
use crate::pace::Pace;
use crate::presence::{Keeper, Presence};
use crate::publish::Publisher;
use crate::settings::Settings;
use crate::store::Store;
use crate::{api, pages, sockets};
use axum::Router;
use campanile_accounts::{Problem, SecurityHeaders};
use campanile_application::Http;
use campanile_consumer::{AllowedOrigins, Server as Sockets};
use campanile_layer::{Layer, MemoryLayer, RedisPubSubLayer, RedisSettings};
use chrono::TimeDelta;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    app: App,
    http: Http,
    work: JoinSet<()>,
}

/// Why a server does not start.
#[derive(Debug)]
pub enum StartError {
    /// The database could not be opened.
    Database(OpenError),
    /// The accounts could not be made ready.
    Accounts(Problem),
    /// The channel layer's address cannot be used.
    Layer(String),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The operating system has no poller or thread for the WebSockets.
    Sockets(io::Error),
}

/// How long requests and consumers may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often events that are old enough are removed.
const PURGE_EVERY: Duration = Duration::from_secs(3600);

impl Server {
    /// Opens the database, and listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what to do.
    pub async fn start(settings: Settings) -> Result<Server, StartError> {
        let settings = Arc::new(settings);
        let app = open(&settings).await?;
        let http = Http::serve(settings.listen, router(&app)).await;
        let http = http.map_err(|error| StartError::Listen(settings.listen, error))?;
        let work = work(&app);
        Ok(Server { app, http, work })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Returns what its requests share.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Takes no more requests, closes the WebSockets, and waits for what is under way.
    pub async fn shutdown(mut self) {
        self.http.stop();
        let left = self.app.sockets.shutdown(PATIENCE).await;
        if left > 0 {
            tracing::warn!(consumers = left, "some did not take leave in time");
        }
        self.http.ended(PATIENCE).await;
        self.work.shutdown().await;
        let database = self.app.store.database().clone();
        if let Err(error) = database.close().await {
            tracing::warn!(%error, "the database did not close");
        }
    }
}

async fn open(settings: &Arc<Settings>) -> Result<App, StartError> {
    let (url, connections) = (settings.database_url.reveal(), settings.database_connections);
    let database = database::open(url, connections).await;
    let database = database.map_err(StartError::Database)?;
    let accounts = App::accounts(&database, settings);
    let accounts = accounts.map_err(StartError::Accounts)?;
    let store = Store::new(database, &settings.instance, settings.limits);
    let sockets = Sockets::builder()
        .shared_layer(layer(settings)?)
        .limits(sockets::limits(settings))
        .allowed_origins(origins(settings))
        .start();
    let sockets = sockets.map_err(StartError::Sockets)?;
    let presence = Presence::new(store.clone(), settings.limits.sockets_per_user_max);
    let frames = Frames::new(settings.ids.clone(), Names::new(store.clone()), presence.clone());
    Ok(App {
        settings: Arc::clone(settings),
        store,
        accounts,
        tell: Tell::new(sockets.clone()),
        sockets,
        presence,
        frames,
        pace: Arc::new(Pace::new(settings.limits.changes_per_10_s_max)),
        frames_pace: Arc::new(Pace::new(settings.limits.frames_per_10_s_max)),
        requests: Arc::default(),
        counters: Arc::default(),
    })
}

/// What is lost on the way is told to the sockets, which ask the database: so nothing need wait in
/// Redis, and the faster of its layers will do.
fn layer(settings: &Settings) -> Result<Layer, StartError> {
    let Some(url) = &settings.redis_url else {
        return Ok(Arc::new(MemoryLayer::new(campanile_layer::Settings::default())));
    };
    let host = url.reveal().parse().map_err(|error| StartError::Layer(format!("{error}")))?;
    let settings = RedisSettings { hosts: vec![host], ..RedisSettings::default() };
    Ok(Arc::new(RedisPubSubLayer::start(settings)))
}

fn origins(settings: &Settings) -> AllowedOrigins {
    match settings.allowed_origins.as_slice() {
        [] => AllowedOrigins::same_host(),
        these => AllowedOrigins::these(these.iter().cloned()),
    }
}

/// All routes.
fn router(app: &App) -> Router {
    api::routes(app)
        .merge(sockets::routes())
        .merge(app.accounts.routes())
        .merge(pages::routes(&app.accounts))
        .layer(app.sockets.extension())
        .layer(SecurityHeaders)
        .with_state(app.clone())
}

/// All that goes on without being asked for.
fn work(app: &App) -> JoinSet<()> {
    let App { settings, store, accounts, frames, presence, tell, counters, .. } = app;
    let mut work = JoinSet::new();
    work.spawn(
        Publisher::new(store.clone(), frames.clone(), tell.clone(), Arc::clone(counters)).run(),
    );
    work.spawn(Keeper::new(presence.clone(), frames.names().clone(), tell.clone()).run());
    work.spawn(accounts.clone().keep_house());
    work.spawn(purge(store.clone(), settings.limits.events_kept));
    work
}

/// Removes events that are old enough, for as long as it is polled.
async fn purge(store: Store, kept: Duration) {
    let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX);
    loop {
        if let Err(error) = store.purge_events(kept).await {
            tracing::warn!(%error, "old events could not be removed: trying again in an hour");
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Database(error) => error.fmt(formatter),
            StartError::Accounts(problem) => {
                write!(formatter, "The accounts could not be made ready: {problem}")
            }
            StartError::Layer(error) => write!(
                formatter,
                "The environment's DIGI_REDIS_URL cannot be used: {error}. \
                 Write redis://HOST:PORT, or unset it for one process."
            ),
            StartError::Listen(address, error) => write!(
                formatter,
                "{address} cannot be listened on: {error}. Set DIGI_LISTEN to a free address."
            ),
            StartError::Sockets(error) => {
                write!(formatter, "The WebSockets could not be made ready: {error}.")
            }
        }
    }
}

impl std::error::Error for StartError {}
