//! `scram demo`: a server with a translator that only remembers, to try it out.

use super::told::{Failure, Told};
use super::{logging, serve};
use crate::server::Server;
use crate::settings::{LogFormat, Settings};
use crate::store::ChangeError;
use crate::translator::{self, service};
use campanile_application::Signals;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tracing::info;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where browsers come in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The folder of its database; it stays, for the next time
    #[arg(long, value_name = "FOLDER", default_value = "scram-demo")]
    folder: PathBuf,
}

/// The name of the token of the translator beside the server.
const TOKEN: &str = "demo";

/// What a demo is about: each network that is announced or withdrawn, rather than each page that
/// somebody opens.
const LOG_FILTER: &str = "info,campanile_consumer::log=warn,\
    campanile_scram::translator::link=warn,campanile_scram::translator::reconciler=debug";

/// How long the translator may take until somebody is told where to look.
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn run(arguments: &Arguments) -> Result<Told, Failure> {
    let settings = settings(arguments)?;
    logging::start(&settings.log_filter, settings.log_format == LogFormat::Json);
    let mut signals = Signals::listen()?;
    let _held = serve::hold(&settings, "Or name another --folder, and another --listen.")?;
    let server = serve::start(settings).await?;
    let (stop, stopped) = watch::channel(false);
    let translator = translate(&server, stopped).await?;
    info!(
        "a translator of its own \"announces\" to its memory; data is in {}; Ctrl-C ends both",
        arguments.folder.display()
    );
    // What is to be opened stands last, where somebody looks for it.
    wait_for_translator(&server).await;
    serve::say_where(&server).await?;
    signals.wait().await;
    info!("told to end");
    stop.send_replace(true);
    if let Err(error) = translator.await {
        tracing::warn!(%error, "the translator did not end well");
    }
    server.shutdown().await;
    Ok(Told::nothing())
}

/// The environment's settings count but for the address and the database.
fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let folder = &arguments.folder;
    let failed = |error| Failure::usage(format!("{} cannot be made: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let database = format!("sqlite://{}", folder.join("scram.db").display());
    let settings = Settings::read(|name| match name {
        "SCRAM_LISTEN" => Some(arguments.listen.to_string()),
        "SCRAM_DATABASE_URL" => Some(database.clone()),
        "SCRAM_REDIS_URL" => None,
        "SCRAM_HOSTNAME" => std::env::var(name).ok().or_else(|| Some("demo".to_owned())),
        "SCRAM_LOG_FILTER" => std::env::var(name).ok().or_else(|| Some(LOG_FILTER.to_owned())),
        _ => std::env::var(name).ok(),
    });
    settings.map_err(|error| Failure::usage(error.to_string()))
}

/// Starts a translator as one on another machine would be: with a token, by the WebSocket.
async fn translate(
    server: &Server,
    stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let store = &server.app().store;
    // The one of the last time cannot be shown again.
    match store.remove_translator_token(TOKEN).await {
        Ok(()) | Err(ChangeError::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    let token = store.add_translator_token(TOKEN, &["block"]).await?;
    let url = format!("ws://{}/ws/route_manager/translator_block/", server.address());
    let settings = translator::settings::Settings::read(&|name| match name {
        "SCRAM_EVENTS_URL" => Some(url.clone()),
        "SCRAM_TRANSLATOR_TOKEN" => Some(token.clone()),
        "TRANSLATOR_BACKEND" => Some("memory".to_owned()),
        "TRANSLATOR_NAME" => Some("demo-router".to_owned()),
        _ => None,
    });
    let settings = settings.map_err(|error| Failure::of(error.to_string()))?;
    Ok(tokio::spawn(async move {
        let backend = service::backend(&settings);
        if let Err(error) = service::run(&settings, backend, stopped).await {
            tracing::warn!(%error, "the translator has ended");
        }
    }))
}

/// Waits until the translator is there; one that is not does not keep the server from being used.
async fn wait_for_translator(server: &Server) {
    let until = Instant::now() + CONNECTS_WITHIN;
    while server.app().translators.of("block").is_empty() && Instant::now() < until {
        sleep(Duration::from_millis(20)).await;
    }
}
