//! What other threads ask of the gateway on a loop.

use crate::service::Session;
use campanile_manager::ConnectionKey;
use campanile_manager::service::Connections;
use campanile_wire::CloseCode;

/// What a loop is asked to do with its connections.
#[derive(Debug)]
pub enum Command {
    /// Close one connection, if it is still there.
    Close {
        /// Which.
        key: ConnectionKey,
        /// With which code.
        code: CloseCode,
        /// What its client is told.
        reason: Box<str>,
    },
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, connections: &mut dyn Connections<Session>) {
        match self {
            Self::Close { key, code, reason } => {
                connections.with(key, &mut |connection| connection.close(code, &reason));
            }
        }
    }
}
