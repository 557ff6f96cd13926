//! The WebSockets of translators and browsers.
//!
//! | module | is |
//! | --- | --- |
//! | `translator`, `admission` | a translator's socket, and who may have one |
//! | `teller` | what it is told: all that is active, then each change, in the right order |
//! | `comparison` | whether it announces just that |
//! | `browser` | a browser's socket, which asks the translators |
//! | `events` | what goes between these, by the channel layer |
//! | `frame`, `pace`, `asked` | what comes in: read, not too much, and only what was asked for |

// In reading order, which the blank lines keep.

mod translator;

mod admission;

mod teller;

mod comparison;

mod browser;

mod events;

mod frame;

mod pace;

mod asked;

use crate::app::App;
use crate::cidr::Network;
use crate::dispatch::{Deliver, Told, group_of};
use crate::translators::Translators;
use async_trait::async_trait;
use axum::Router;
use campanile_consumer::{Limits, Server as Sockets, consumer_with_state};
use campanile_layer::{Reach, SendError};
use events::TranslatorEvent;
use std::sync::Arc;

pub use translator::V2;

/// How long a frame may be: a translator with a million routes lists 4,000 of them in one.
const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// Returns the routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/ws/route_manager/translator_{action_type}/",
            consumer_with_state::<translator::Translator, App>(),
        )
        .route(
            "/ws/route_manager/webui_{action_type}/",
            consumer_with_state::<browser::Browser, App>(),
        )
}

/// Returns what the sockets may hold and wait for.
pub fn limits() -> Limits {
    Limits { message_bytes_max: MESSAGE_BYTES_MAX, ..Limits::default() }
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

    async fn tell(&self, told: &Told) -> Result<Reach, SendError> {
        let event = TranslatorEvent::changed(&self.instance, told);
        self.sockets.group_send(&group_of(&told.action_type), &event).await
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
impl Deliver for Translators {
    async fn deliver(&self, told: &Told) -> Result<(), String> {
        match self.way().tell(told).await {
            Ok(_) => Ok(()),
            Err(
                error @ (SendError::BadName(_)
                | SendError::TooBig { .. }
                | SendError::Unencodable(_)),
            ) => {
                // It never will be: that must not keep back all that comes after it.
                self.counters().changes_unsendable.one_more();
                tracing::error!(%error, entry = told.entry, "a change cannot be told");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
