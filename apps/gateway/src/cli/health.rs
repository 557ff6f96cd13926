//! `campanile health`: whether a running server is alive and ready, for Docker's HEALTHCHECK.

use super::internal::origin;
use super::{ConfigArguments, Failure, begin, print};
use crate::backend::{Client, Outgoing};
use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, Method, Uri};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_BYTES_MAX: usize = 65_536;

/// What `health` is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The internal listener; by default the [internal] listen of the configuration.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    settings: ConfigArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = match &arguments.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let config = arguments.settings.load().map_err(begin)?.config;
            origin(&config)
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(error.to_string()))?;
    runtime.block_on(async {
        ask(format!("{url}/livez")).await?;
        ask(format!("{url}/readyz")).await
    })?;
    print("ready\n")
}

/// Asks whether it says 200.
async fn ask(url: String) -> Result<(), Failure> {
    let uri: Uri = url.parse().map_err(|_| Failure::usage(format!("{url:?} is not a URL")))?;
    let outgoing =
        Outgoing { method: Method::GET, uri, headers: HeaderMap::new(), body: Bytes::new() };
    let client = Client::new(None, TIMEOUT, TIMEOUT, ANSWER_BYTES_MAX);
    let answer = client.send(outgoing).await;
    let answer = answer.map_err(|error| {
        Failure::of(format!("{url}: {error}").replace("the backend", "the server"))
    })?;
    if answer.status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body);
    Err(Failure::of(format!("{url}: {}: {}", answer.status, said.trim_end())))
}
