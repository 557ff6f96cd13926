//! When a websocket wants to be looked at, and what happens then.

use std::time::{Duration, Instant};

use super::{Side, State, WebSocket};
use crate::close::CloseCode;

/// What a peer did not do in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// It did not answer a ping within `pong_within`: it is given up.
    Pong,
    /// It did not end what it began within `message_within`: it is closed with 1008.
    Message,
    /// It sent no message for `quiet_max`: it is closed with 1000.
    Quiet,
    /// It did not answer a close within `close_within`: it is given up.
    Close,
}

impl WebSocket {
    /// Returns when [`handle_deadline`](Self::handle_deadline) has something to do; none: never.
    ///
    /// It mostly moves away as the peer is heard; only a ping or a close brings it nearer. So an
    /// owner need not follow every move: it may wake at an old deadline and ask again.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Open => {
                let pong_or_ping = self.answer_due.or_else(|| self.ping_due());
                [pong_or_ping, self.message_due(), self.quiet_due()].into_iter().flatten().min()
            }
            State::Closing => self.answer_due,
            State::Closed if self.line_over => None,
            State::Closed => self.answer_due,
        }
    }

    /// Does what is due at `now`: queues a ping, closes, or gives the peer up. Returns what the peer
    /// did not do, if it is for that.
    pub fn handle_deadline(&mut self, now: Instant) -> Option<Overdue> {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        match self.state {
            State::Open if is_due(self.answer_due) => {
                let reason = "the peer did not answer a ping";
                self.begin_closing(State::Closed, CloseCode::ABNORMAL, reason, Side::Us);
                self.give_up();
                Some(Overdue::Pong)
            }
            State::Open if is_due(self.message_due()) => {
                self.close(CloseCode::POLICY, "a message took too long", now);
                Some(Overdue::Message)
            }
            State::Open if is_due(self.quiet_due()) => {
                self.close(CloseCode::NORMAL, "no message for too long", now);
                Some(Overdue::Quiet)
            }
            State::Open if self.answer_due.is_none() && is_due(self.ping_due()) => {
                self.queue_ping();
                self.answer_due = now.checked_add(self.config.pong_within);
                None
            }
            State::Closing if is_due(self.answer_due) => {
                self.give_up();
                Some(Overdue::Close)
            }
            // It said all that was to be said, and nobody hung up.
            State::Closed if is_due(self.answer_due) => {
                self.give_up();
                None
            }
            State::Open | State::Closing | State::Closed => None,
        }
    }

    /// Forgives the peer its silence until `now`, after a time in which this end did not read: it counts
    /// as heard, and what it has begun as begun now.
    pub fn forgive_silence(&mut self, now: Instant) {
        self.heard(now);
        self.message_at = now;
        self.stream.begin_anew(now);
    }

    /// Takes note that the peer lives. Whatever it says answers our ping as well as a pong would.
    #[inline]
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        if self.state == State::Open {
            self.answer_due = None;
        }
    }

    fn ping_due(&self) -> Option<Instant> {
        after(self.heard_at, self.config.ping_every)
    }

    fn message_due(&self) -> Option<Instant> {
        after(self.stream.unfinished_since()?, self.config.message_within)
    }

    fn quiet_due(&self) -> Option<Instant> {
        after(self.message_at, self.config.quiet_max)
    }
}

/// A time too far away to be told is never.
fn after(instant: Instant, duration: Option<Duration>) -> Option<Instant> {
    instant.checked_add(duration?)
}
