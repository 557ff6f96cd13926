//! What other threads ask of the gateway on a loop.

use crate::revalidate::Answer;
use crate::service::{Gateway, Session};
use campanile_manager::ConnectionKey;
use campanile_manager::service::Connections;
use campanile_wire::CloseCode;
use std::time::Instant;

/// What a loop is asked to do with its connections.
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
    /// Have the backend asked again what one connection may hear.
    Ask {
        /// Which.
        key: ConnectionKey,
    },
    /// Have the backend asked again what each connection may hear.
    AskAll,
    /// Do what is due for a connection now.
    Ring {
        /// Which.
        key: ConnectionKey,
        /// For when its alarm was set.
        at: Instant,
    },
    /// Do what the backend answered when it was asked again for a connection.
    Renew {
        /// Which.
        key: ConnectionKey,
        /// What it answered.
        answer: Box<Answer>,
    },
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, gateway: &Gateway, connections: &mut dyn Connections<Session>) {
        match self {
            Self::Close { key, code, reason } => {
                connections.with(key, &mut |connection| connection.close(code, &reason));
            }
            Self::Ask { key } => {
                connections.with(key, &mut |connection| gateway.ask(connection));
            }
            Self::AskAll => connections.each(&mut |connection| gateway.ask(connection)),
            Self::Ring { key, at } => {
                connections.with(key, &mut |connection| gateway.ring(connection, at));
            }
            Self::Renew { key, answer } => {
                let mut answer = Some(*answer);
                connections.with(key, &mut |connection| {
                    answer.take().into_iter().for_each(|answer| gateway.renew(connection, answer));
                });
            }
        }
    }
}
