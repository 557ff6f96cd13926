//! `scram serve`: the server, until it is told to end.

use super::told::{Failure, Told};
use super::warnings::warnings;
use super::{logging, tools};
use crate::database::Held;
use crate::server::Server;
use crate::settings::{LogFormat, Settings, unknown_variables};
use campanile_application::{Signals, Systemd};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tracing::{info, warn};

pub(super) async fn run() -> Result<Told, Failure> {
    let settings = tools::settings()?;
    logging::start(&settings.log_filter, settings.log_format == LogFormat::Json);
    say_essentials(&settings);
    let mut signals = Signals::listen()?;
    let _held = hold(&settings, "Several servers share PostgreSQL: see SCRAM_DATABASE_URL.")?;
    let Some(server) = signals.unless_told(start(settings)).await.transpose()? else {
        info!("told to end, and the database had not answered");
        return Ok(Told::nothing());
    };
    say_where(&server).await?;
    let systemd = Systemd::from_environment();
    systemd.is_ready();
    signals.wait().await;
    info!("told to end");
    systemd.is_stopping();
    server.shutdown().await;
    Ok(Told::nothing())
}

/// Takes the database for this server alone, where it is a file; or says who has it, and what to do
/// otherwise.
pub(super) fn hold(settings: &Settings, otherwise: &str) -> Result<Option<Held>, Failure> {
    let held = Held::take(settings.database_url.reveal(), &settings.listen.to_string());
    held.map_err(|error| Failure::of(format!("{error} {otherwise}")))
}

/// Starts a server.
pub(super) async fn start(settings: Settings) -> Result<Server, Failure> {
    for unknown in unknown_variables() {
        warn!("{unknown}");
    }
    let server = Server::start(settings).await;
    server.map_err(|error| Failure::of(error.to_string()))
}

/// Says where a server is, and how the first administrator is made.
pub(super) async fn say_where(server: &Server) -> Result<(), Failure> {
    info!("listening on http://{}/", server.address());
    if let Some(oidc) = &server.app().settings.oidc {
        info!("people log in by {}", oidc.issuer);
    }
    if let Some(path) = server.app().accounts.first_administrator_path().await? {
        let (address, note) = for_browsers(server.address());
        info!(
            "there is no user yet: make the first administrator within an hour at \
             http://{address}{path}{note}"
        );
    }
    Ok(())
}

/// Returns where a browser on this machine finds a server, which may listen everywhere, and what is
/// to be said about other machines.
fn for_browsers(address: SocketAddr) -> (SocketAddr, &'static str) {
    let here: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        _ => return (address, ""),
    };
    let note = " (on another machine with this one's name in the place of the address)";
    (SocketAddr::new(here, address.port()), note)
}

fn say_essentials(settings: &Settings) {
    info!(
        version = env!("CARGO_PKG_VERSION"),
        hostname = settings.hostname,
        instance = settings.instance,
        database = %settings.database_url,
        redis = settings.redis_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        translators = ?settings.translator_auth,
        v4_minprefix = settings.limits.v4,
        v6_minprefix = settings.limits.v6,
        "scram begins; `scram check` shows all settings"
    );
    for warning in warnings(settings) {
        warn!("{warning}");
    }
}
