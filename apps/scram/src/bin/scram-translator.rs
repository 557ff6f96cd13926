//! Announces by GoBGP the networks that SCRAM wants blocked.
#![expect(clippy::print_stdout, reason = "what would be done is said on the terminal")]

use campanile_scram::translator::service;
use campanile_scram::translator::settings::{Settings, unknown_variables};
use clap::Parser;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Announces by GoBGP the networks that SCRAM wants blocked.
///
/// Everything is set by environment variables; docs/scram-translator.md explains each:
/// SCRAM_EVENTS_URL, SCRAM_TRANSLATOR_TOKEN, TRANSLATOR_NAME, SCRAM_HOSTNAME, HEARTBEAT_S,
/// TRANSLATOR_BACKEND, GOBGP_HOST, GOBGP_PORT, DEFAULT_ASN, DEFAULT_COMMUNITY, DEFAULT_V4_NEXTHOP,
/// DEFAULT_V6_NEXTHOP, COMPARE_S, REPLAY_QUIET_S, ROUTES_MAX, WITHDRAW_AT_END,
/// TRANSLATOR_METRICS_LISTEN and LOG_LEVEL.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Print what would be announced and withdrawn now, and do nothing.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match Settings::from_environment() {
        Ok(settings) => translate(&arguments, &settings).await,
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scram-translator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn translate(arguments: &Arguments, settings: &Settings) -> Result<(), String> {
    tracing_subscriber::fmt()
        .with_max_level(settings.log_level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let backend = service::backend(settings);
    if arguments.once {
        let differences = service::once(settings, &*backend).await?;
        differences.iter().for_each(|difference| println!("{difference}"));
        println!("{} routes differ; nothing was done", differences.len());
        return Ok(());
    }
    for unknown in unknown_variables() {
        tracing::warn!("{unknown}");
    }
    warn_of_open_token(settings);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("told to end");
        let _ = stop.send(true);
    });
    service::run(settings, backend, stopped).await.map_err(|error| error.to_string())
}

/// Waits for SIGTERM or SIGINT; for ever if the system has no signals for us.
async fn wait_for_signal() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn warn_of_open_token(settings: &Settings) {
    let host = settings.events_url.host_str().unwrap_or_default();
    let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if settings.token.is_some() && settings.events_url.scheme() == "ws" && !is_near {
        tracing::warn!("the token goes over the network in clear: use wss:// in SCRAM_EVENTS_URL");
    }
}
