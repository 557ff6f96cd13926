//! `digi serve`: the server, until it is told to end.

use super::{tools, warnings::warnings};
use crate::database::Held;
use crate::server::Server;
use crate::settings::Settings;
use campanile_application::{Failure, Signals, Systemd, Told, logging};
use tracing::{info, warn};

pub(super) async fn run() -> Result<Told, Failure> {
    let settings = tools::settings()?;
    logging::start(&settings.log_filter, settings.log_json);
    say_essentials(&settings);
    let mut signals = Signals::listen()?;
    let _held = hold(&settings, "Several processes share PostgreSQL: see DIGI_DATABASE_URL.")?;
    let Some(server) = signals.unless_told(start(settings)).await.transpose()? else {
        info!("told to end, and the database had not answered");
        return Ok(Told::nothing());
    };
    let systemd = Systemd::from_environment();
    systemd.is_ready();
    signals.wait().await;
    info!("told to end");
    systemd.is_stopping();
    server.shutdown().await;
    Ok(Told::nothing())
}

/// Takes the right to be the one server on a file of SQLite, as long as what is returned lives.
pub(super) fn hold(settings: &Settings, otherwise: &str) -> Result<Option<Held>, Failure> {
    let held = Held::take(settings.database_url.reveal(), &settings.listen.to_string());
    held.map_err(|error| Failure::of(format!("{error} {otherwise}")))
}

/// Starts a server, and says where it is.
pub(super) async fn start(settings: Settings) -> Result<Server, Failure> {
    let server = Server::start(settings).await;
    let server = server.map_err(|error| Failure::of(error.to_string()))?;
    info!("listening on http://{}/", server.address());
    Ok(server)
}

fn say_essentials(settings: &Settings) {
    info!(
        version = env!("CARGO_PKG_VERSION"),
        instance = settings.instance,
        redis = settings.redis_url.is_some(),
        registration = settings.registration,
        "digi begins; `digi check` shows all settings"
    );
    for warning in warnings(settings).into_iter().chain(Settings::unknown_variables()) {
        warn!("{warning}");
    }
}
