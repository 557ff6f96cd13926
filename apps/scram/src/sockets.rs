//! The WebSockets of translators and browsers.

mod events;

use crate::app::App;
use crate::cidr::Network;
use crate::dispatch::{Deliver, Told, group_of};
use async_trait::async_trait;
use axum::Router;
use campanile_consumer::Server as Sockets;
use campanile_layer::SendError;
use events::TranslatorEvent;
use std::sync::Arc;

/// Returns the routes.
pub fn routes() -> Router<App> {
    Router::new()
}

/// The way to all translators, by the groups of the channel layer. Clones are the same.
#[derive(Clone, Debug)]
pub struct ToTranslators {
    sockets: Sockets,
    instance: Arc<str>,
}

impl ToTranslators {
    /// Makes the way from this instance to those who are connected to these sockets.
    pub fn new(sockets: Sockets, instance: &str) -> ToTranslators {
        ToTranslators { sockets, instance: instance.into() }
    }

    /// Has translators of all instances withdraw a network that is not active by then.
    pub(crate) async fn withdraw(
        &self,
        action_type: &str,
        network: &Network,
    ) -> Result<(), String> {
        let event = TranslatorEvent::Withdraw { network: network.to_string() };
        let sent = self.sockets.group_send(&group_of(action_type), &event).await;
        sent.map(drop).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Deliver for ToTranslators {
    async fn deliver(&self, told: &Told) -> Result<(), String> {
        let event = TranslatorEvent::changed(&self.instance, told);
        match self.sockets.group_send(&group_of(&told.action_type), &event).await {
            Ok(_) => Ok(()),
            Err(
                error @ (SendError::BadName(_)
                | SendError::TooBig { .. }
                | SendError::Unencodable(_)),
            ) => {
                // It never will be: that must not keep back all that comes after it.
                tracing::error!(%error, entry = told.entry, "translators cannot be told of a change");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
