//! The server: everything opened, started, and ended in the right order.

use crate::api::Surface;
use crate::app::App;
use crate::database::{self, OpenError};
use crate::dispatch::{CatchUp, Dispatcher};
use crate::settings::Settings;
use crate::sockets::ToTranslators;
use crate::store::Store;
use crate::translators::Translators;
use crate::{api, pages, sockets};
use axum::Router;
use campanile_accounts::{Problem, SecurityHeaders};
use campanile_application::Http;
use campanile_consumer::Server as Sockets;
use campanile_layer::capacity::Capacities;
use campanile_layer::{Layer, MemoryLayer, RedisLayer, RedisSettings};
use sea_orm::DbErr;
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
    /// Where this instance is among the events could not be read or written.
    Position(DbErr),
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

impl Server {
    /// Opens the database, and listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what to do.
    pub async fn start(settings: Settings) -> Result<Server, StartError> {
        let settings = Arc::new(settings);
        let app = open(&settings).await?;
        // A new instance tells what comes from now on. Were that settled only when its dispatcher runs,
        // a change in between would be too late for the replay of who has connected by then, and never
        // told.
        app.store.position(&settings.instance).await.map_err(StartError::Position)?;
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
    let store = Store::new(database, &settings.hostname, settings.limits);
    let accounts = App::accounts(&store, settings);
    let accounts = accounts.map_err(StartError::Accounts)?;
    let sockets =
        Sockets::builder().shared_layer(layer(settings)?).limits(sockets::limits()).start();
    let sockets = sockets.map_err(StartError::Sockets)?;
    let to = ToTranslators::new(sockets.clone(), &settings.instance);
    Ok(App {
        settings: Arc::clone(settings),
        store,
        accounts,
        sockets,
        translators: Translators::new(to),
        surface: Arc::new(Surface::new(settings.registrations_per_minute_max)),
        catch_up: CatchUp::default(),
    })
}

fn layer(settings: &Settings) -> Result<Layer, StartError> {
    let waiting = settings.translator_queue;
    let capacity = Capacities { globs: Vec::new(), default: waiting };
    let common = campanile_layer::Settings { capacity, ..campanile_layer::Settings::default() };
    let Some(url) = &settings.redis_url else {
        return Ok(Arc::new(MemoryLayer::new(common)));
    };
    let host = url.reveal().parse().map_err(|error| StartError::Layer(format!("{error}")))?;
    Ok(Arc::new(RedisLayer::start(RedisSettings {
        hosts: vec![host],
        queue_messages_max: waiting,
        common,
        ..RedisSettings::default()
    })))
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
    let App { settings, store, accounts, translators, .. } = app;
    let mut work = JoinSet::new();
    let to = Arc::new(translators.clone());
    let dispatcher = Dispatcher::new(store.clone(), &settings.instance, to, settings.events_kept);
    work.spawn(dispatcher.asked_by(&app.catch_up).run());
    work.spawn(accounts.clone().keep_house());
    let (store, interval) = (store.clone(), settings.expiry_interval);
    work.spawn(async move { store.run_timer(interval).await });
    work
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Database(error) => error.fmt(formatter),
            StartError::Position(error) => {
                write!(
                    formatter,
                    "The database does not say which changes are to be told: {error}."
                )
            }
            StartError::Accounts(problem) => {
                write!(formatter, "The accounts could not be made ready: {problem}")
            }
            StartError::Layer(error) => write!(
                formatter,
                "The environment's SCRAM_REDIS_URL cannot be used: {error}. \
                 Write redis://HOST:PORT, or unset it for one instance."
            ),
            StartError::Listen(address, error) => write!(
                formatter,
                "{address} cannot be listened on: {error}. Name a free address by SCRAM_LISTEN, or by \
                 --listen of a demo."
            ),
            StartError::Sockets(error) => {
                write!(formatter, "The WebSockets could not be made ready: {error}.")
            }
        }
    }
}

impl std::error::Error for StartError {}
