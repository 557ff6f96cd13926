//! The networks to act on, for people, programs and translators.

use campanile_scram::server::Server;
use campanile_scram::settings::Settings;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// The networks to act on, for people, programs and translators.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server. Everything is set by environment variables.
    Serve,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let outcome = match arguments.command {
        Command::Serve => serve().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scram: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), String> {
    let settings = Settings::from_environment().map_err(|error| error.to_string())?;
    let server = Server::start(settings).await.map_err(|error| error.to_string())?;
    info!("listening on http://{}/", server.address());
    let first = server.app().accounts.first_administrator_path().await;
    if let Some(path) = first.map_err(|error| error.to_string())? {
        info!("make the first administrator at http://{}{path}", server.address());
    }
    wait_for_signal().await;
    info!("told to end");
    server.shutdown().await;
    Ok(())
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
