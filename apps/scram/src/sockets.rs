//! The WebSockets of translators and browsers.

use crate::app::App;
use crate::dispatch::{Deliver, Told};
use async_trait::async_trait;
use axum::Router;
use campanile_consumer::Server as Sockets;

/// Returns the routes.
pub fn routes() -> Router<App> {
    Router::new()
}

/// Passes on what the dispatcher says to the translators that are connected here.
#[derive(Clone, Debug)]
pub struct ToTranslators(#[expect(dead_code, reason = "the consumers come next")] Sockets);

impl ToTranslators {
    /// Makes the way to those who are connected to these sockets.
    pub fn new(sockets: Sockets) -> ToTranslators {
        ToTranslators(sockets)
    }
}

#[async_trait]
impl Deliver for ToTranslators {
    async fn deliver(&self, _: &Told) -> Result<(), String> {
        Ok(())
    }
}
