//! The life of each WebSocket in the log, in the words of Django Channels' own server.

use std::fmt;
use std::net::SocketAddr;

use crate::Refusal;

/// Whose WebSocket it is, as the log says it.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Without the query: it may hold a token.
    path: Box<str>,
    client: Option<SocketAddr>,
}

impl Visitor {
    pub(crate) fn new(path: &str, client: Option<SocketAddr>) -> Visitor {
        Visitor { path: path.into(), client }
    }

    pub(crate) fn shakes_hands(&self) {
        tracing::info!("WebSocket HANDSHAKING {self}");
    }

    /// This is the only line of a client that is not let in: there may be many of them.
    pub(crate) fn is_rejected(&self, refusal: &Refusal) {
        tracing::info!("WebSocket REJECT {self}: {}", refusal.reason());
    }

    pub(crate) fn connects(&self) {
        tracing::info!("WebSocket CONNECT {self}");
    }

    pub(crate) fn disconnects(&self) {
        tracing::info!("WebSocket DISCONNECT {self}");
    }
}

impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Some(client) => write!(f, "{} [{client}]", self.path),
            None => write!(f, "{} [None]", self.path),
        }
    }
}
