//! How a server is made.

use std::fmt;
use std::io;
use std::sync::Arc;

use campanile_layer::{self as layer, ChannelLayer, Layer, MemoryLayer};
use campanile_manager::{self as manager, wire};
use tokio::sync::watch;

use super::{Inner, Phase, Places, Server};
use crate::events::Strangers;
use crate::limits::Limits;
use crate::origin::AllowedOrigins;
use crate::relay::Relays;
use crate::service::OnLoop;
use crate::statistics::Counters;

/// How a [`Server`] is made.
#[derive(Clone)]
pub struct Builder {
    layer: Option<Layer>,
    loops: usize,
    limits: Limits,
    origins: AllowedOrigins,
    compression: bool,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            layer: None,
            loops: manager::Config::default().loops,
            limits: Limits::default(),
            origins: AllowedOrigins::default(),
            compression: true,
        }
    }
}

impl Builder {
    /// Sets the channel layer: the way to consumers in other processes, Django's among them. By default
    /// there is one in memory, for this process alone.
    #[must_use]
    pub fn layer(self, layer: impl ChannelLayer) -> Builder {
        self.shared_layer(Arc::new(layer))
    }

    /// Sets the channel layer to one that is shared already.
    #[must_use]
    pub fn shared_layer(self, layer: Layer) -> Builder {
        Builder { layer: Some(layer), ..self }
    }

    /// Sets how many loops there are, each a thread that has its part of the connections; one per core
    /// by default.
    #[must_use]
    pub fn loops(self, loops: usize) -> Builder {
        Builder { loops, ..self }
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Builder {
        Builder { limits, ..self }
    }

    /// Sets from which pages WebSockets may be opened; those of the same host by default.
    #[must_use]
    pub fn allowed_origins(self, origins: AllowedOrigins) -> Builder {
        Builder { origins, ..self }
    }

    /// Sets whether compression (permessage-deflate) is agreed with clients that offer it; yes by
    /// default. Then clients may compress what they send, and messages of the fast lane are compressed
    /// from 512 bytes on, once for all. What a consumer sends itself leaves as it is.
    #[must_use]
    pub fn compression(self, compression: bool) -> Builder {
        Builder { compression, ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a poller or a thread.
    pub fn start(self) -> io::Result<Server> {
        let counters = Arc::<Counters>::default();
        let service = |_| OnLoop { counters: Arc::clone(&counters) };
        let (handle, _) = manager::start(&self.config(), service)?;
        Ok(self.make(counters, Some(handle)))
    }

    /// Makes one without loops and sockets, for [communicators](crate::testing::Communicator).
    #[cfg(feature = "testing")]
    pub fn start_without_loops(self) -> Server {
        self.make(Arc::default(), None)
    }

    fn make(self, counters: Arc<Counters>, loops: Option<manager::Handle<OnLoop>>) -> Server {
        let memory = || Arc::new(MemoryLayer::new(layer::Settings::default())) as Layer;
        Server(Arc::new(Inner {
            layer: self.layer.unwrap_or_else(memory),
            limits: self.limits,
            origins: self.origins,
            compression: self.compression,
            counters,
            places: Places::default(),
            relays: Relays::default(),
            strangers: Strangers::default(),
            loops,
            phase: watch::Sender::new(Phase::Runs),
        }))
    }

    fn config(&self) -> manager::Config {
        let limits = &self.limits;
        let websocket = wire::Config {
            frame_bytes_max: limits.message_bytes_max as u64,
            message_bytes_max: limits.message_bytes_max,
            ping_every: limits.ping_every,
            pong_within: limits.pong_within,
            close_within: limits.close_within,
            ..wire::Config::default()
        };
        manager::Config {
            loops: self.loops.max(1),
            websocket: Arc::new(websocket),
            outbox_bytes_max: limits.outbox_bytes_max.max(limits.sending_bytes_max),
            ..manager::Config::default()
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Builder { loops, limits, .. } = self;
        let mut shown = f.debug_struct("Builder");
        shown.field("loops", loops).field("limits", limits).finish_non_exhaustive()
    }
}
