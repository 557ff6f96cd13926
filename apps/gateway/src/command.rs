//! What other threads ask of the gateway on a loop.

use crate::lookup::Look;
use crate::publishing::Gap;
use crate::reply;
use crate::revalidate::Answer;
use crate::service::{Gateway, Session};
use campanile_manager::ConnectionKey;
use campanile_manager::service::Connections;
use campanile_wire::CloseCode;
use std::time::{Duration, Instant};

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
    /// Close a share of the connections, as the process is about to end.
    CloseShare {
        /// How many such shares are left, this one counted: with 1, all connections.
        shares_left: u32,
        /// Clients are asked to spread their coming back over so long.
        reconnect_within: Duration,
    },
    /// Go on with the requests of a connection that waited for a room.
    Heard {
        /// Which.
        key: ConnectionKey,
    },
    /// Answer a question about the connections.
    Look(Look),
    /// Tell those who are subscribed that something may be missing, if they have a word for it.
    Gap(Gap),
    /// Close those who were subscribed when the last gap ended and have no word for it: one part
    /// of them.
    CloseUnaware {
        /// Which, the first being 0.
        part: u32,
        /// Of how many.
        parts: u32,
    },
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, gateway: &mut Gateway, connections: &mut dyn Connections<Session>) {
        match self {
            Self::Heard { key } => {
                connections.with(key, &mut |connection| gateway.go_on(connection));
            }
            Self::Look(look) => look(connections),
            Self::Gap(gap) => gateway.tell_gap(gap, connections),
            Self::CloseUnaware { part, parts } => gateway.close_unaware(part, parts, connections),
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
            Self::CloseShare { shares_left, reconnect_within } => {
                close_share(connections, shares_left, reconnect_within);
            }
        }
    }
}

/// Closes a share of the connections. A few are closed at once: it is the crowds that are spread.
fn close_share(
    connections: &mut dyn Connections<Session>,
    shares_left: u32,
    reconnect_within: Duration,
) {
    let mut open = 0_usize;
    connections.each(&mut |_| open += 1);
    let mut share = open.div_ceil(shares_left.max(1) as usize);
    connections.each(&mut |connection| {
        if share == 0 {
            return;
        }
        share -= 1;
        if connection.session().speaks_v1() {
            let after = spread(connection.key().serial, reconnect_within);
            connection.send_text(&reply::restart(after));
        }
        connection.close(CloseCode::RESTART, "");
    });
}

/// Returns a part of `within`, so that those of any row of serials lie evenly in it: multiples of the
/// golden section, without their whole parts.
fn spread(serial: u64, within: Duration) -> Duration {
    let part = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    within.mul_f64(part as f64 / 4_294_967_296.0)
}
