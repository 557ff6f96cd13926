//! How the commands talk to the internal listener of a running server.

use super::{ConfigArguments, Failure, begin};
use crate::backend::{Client, Outgoing};
use crate::config::Config;
use bytes::Bytes;
use clap::Args;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Uri};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 65_536;

/// Where a running server is, and what opens it.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The server's internal listener; by default the [internal] listen of the configuration.
    #[arg(long)]
    url: Option<String>,
    /// The server's [internal] key; better set in CAMPANILE_INTERNAL_KEY_FILE.
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    settings: ConfigArguments,
}

impl Server {
    /// Returns a request for what is at `path` there, with the key: the one that was typed, or else
    /// that of the configuration. A URL that was typed with the path already is taken as it is.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<Outgoing, Failure> {
        let config = self.settings.load().map_err(begin)?.config;
        let typed = self.url.as_deref().map(|url| url.trim_end_matches('/'));
        let server = typed.map_or_else(|| origin(&config), str::to_owned);
        let server = server.strip_suffix(path.trim_end_matches('/')).unwrap_or(&server);
        let bad = || {
            let words = format!("--url: {server:?} is not a URL; write http://127.0.0.1:8002");
            Failure::usage(words)
        };
        let uri: Uri = format!("{server}{path}").parse().map_err(|_| bad())?;
        if uri.host().is_none() || uri.scheme().is_none() {
            return Err(bad());
        }
        let mut headers = HeaderMap::new();
        authorize(&mut headers, self.key.as_deref(), &config).map_err(Failure::usage)?;
        Ok(Outgoing { method, uri, headers, body: Bytes::new() })
    }
}

/// Returns where the server of a configuration listens, as the beginning of a URL.
pub(super) fn origin(config: &Config) -> String {
    let s = if config.internal.certificate.is_some() { "s" } else { "" };
    format!("http{s}://{}", reachable(config.internal.listen))
}

/// Sends the key along that was typed, or else that of the configuration, if there is one.
fn authorize(headers: &mut HeaderMap, typed: Option<&str>, config: &Config) -> Result<(), String> {
    let own = config.internal.keys.first().map(|key| key.reveal());
    let Some(key) = typed.or(own) else { return Ok(()) };
    let value = HeaderValue::from_str(&format!("Bearer {key}"));
    let mut value = value.map_err(|_| "the key cannot stand in a header")?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Sends a request, and returns what is answered to it if that is no error.
pub(super) fn ask(outgoing: Outgoing) -> Result<String, Failure> {
    let uri = outgoing.uri.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(error.to_string()))?;
    let client = Client::new(None, CONNECT_TIMEOUT, TIMEOUT, ANSWER_BYTES_MAX);
    let answer = runtime.block_on(client.send(outgoing));
    let answer = answer.map_err(|error| Failure::of(format!("{uri}: {error}")))?;
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status.is_success() {
        Ok(text.into_owned())
    } else {
        Err(Failure::of(format!("{uri}: {}: {}", answer.status, text.trim_end())))
    }
}

/// Where a server that listens on every address is reached from its own machine.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}
