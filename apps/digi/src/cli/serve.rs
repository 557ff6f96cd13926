//! `digi serve`: the server, until it is told to end.

use crate::server::Server;
use crate::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

pub(super) async fn run() -> Result<(), String> {
    let settings = Settings::from_environment().map_err(|error| error.to_string())?;
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).try_init();
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let server = Server::start(settings).await.map_err(|error| error.to_string())?;
    info!("listening on http://{}/", server.address());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}
