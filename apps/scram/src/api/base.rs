//! Addresses in answers: absolute ones, as whoever asks knows this server.

use crate::app::App;
use axum::extract::FromRequestParts;
use campanile_accounts::{Client, Problem};
use http::header::HOST;
use http::request::Parts;

/// What the addresses in an answer begin with: `http://scram.example:8000`.
#[derive(Clone, Debug)]
pub(super) struct Base(String);

impl Base {
    /// Returns the address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromRequestParts<App> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Base, Problem> {
        let client = Client::from_request_parts(parts, app).await?;
        let scheme = if client.is_tls { "https" } else { "http" };
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        Ok(Base(match host.filter(|host| is_host(host)) {
            Some(host) => format!("{scheme}://{host}"),
            None => format!("{scheme}://{}", app.settings.listen),
        }))
    }
}

/// Whoever asks writes the header, and others may be shown the answer: only a host and a port.
fn is_host(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(is_part)
}
