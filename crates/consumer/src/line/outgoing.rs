//! What a consumer wants of its connection, waiting for the loop.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campanile_manager::ConnectionKey;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::Order;
use crate::limits::Limits;
use crate::message::Message;

/// What a consumer wants of its connection, waiting for the loop.
pub(crate) struct Outgoing {
    state: Mutex<State>,
    /// The client has taken what was sent, or the connection is over.
    settled: Notify,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    orders: VecDeque<Order>,
    /// Bytes that were sent and that the client's socket has not taken.
    unsettled: usize,
    /// Those of them that the loop has.
    handed: usize,
    /// There is a connection, or there will be one soon.
    is_let_in: bool,
    /// The connection, once its loop has it.
    key: Option<ConnectionKey>,
    /// The loop was told, or is being told, that there are orders.
    is_told: bool,
    is_over: bool,
}

/// What became of a message that was to be sent.
pub(crate) enum Sending {
    /// It is under way; the loop of this connection is to be told.
    Done(Option<ConnectionKey>),
    /// It has to wait until the client has taken more.
    Waits(Message),
    /// It cannot wait: nothing is taken before the client is let in.
    TooMuch,
    /// The connection is over.
    Gone,
}

/// What a message takes beside its bytes, so that many small ones count for what they cost.
const MESSAGE_BYTES: usize = size_of::<Order>();

/// A message did not reach the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The connection is over, or closing; [`disconnect`](crate::Consumer::disconnect) follows.
    Gone,
    /// The client did not take what was sent before in time, so that its connection is closed; or it is
    /// not let in yet and cannot be sent so much.
    TooSlow,
    /// What was to be sent cannot be written, for this reason.
    Unwritable(String),
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsent::Gone => f.write_str("the client is gone"),
            Unsent::TooSlow => f.write_str("the client does not take what is sent"),
            Unsent::Unwritable(why) => write!(f, "the message cannot be written: {why}"),
        }
    }
}

impl std::error::Error for Unsent {}

impl Outgoing {
    pub(super) fn new(limits: &Limits) -> Outgoing {
        let (state, settled) = Default::default();
        Outgoing { state, settled, bytes_max: limits.sending_bytes_max }
    }

    /// Takes in a message, unless so much is under way that it has to wait. One that is longer than all
    /// that may be goes alone.
    pub(super) fn send(&self, message: Message) -> Sending {
        let mut state = self.lock();
        if state.is_over {
            return Sending::Gone;
        }
        let bytes = message.bytes() + MESSAGE_BYTES;
        if state.unsettled > 0 && state.unsettled + bytes > self.bytes_max {
            return if state.is_let_in { Sending::Waits(message) } else { Sending::TooMuch };
        }
        state.unsettled += bytes;
        Sending::Done(state.push(Order::Send(message)))
    }

    /// Takes in an order. Returns the connection whose loop is to be told.
    pub(super) fn push(&self, order: Order) -> Option<ConnectionKey> {
        let mut state = self.lock();
        if state.is_over { None } else { state.push(order) }
    }

    /// Waits until the client has taken something.
    pub(super) fn settled(&self) -> Notified<'_> {
        self.settled.notified()
    }

    pub(super) fn lets_in(&self) {
        self.lock().is_let_in = true;
    }

    pub(super) fn opens(&self, key: ConnectionKey) {
        self.lock().key = Some(key);
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Takes all orders out, to be carried out.
    pub(crate) fn take(&self) -> VecDeque<Order> {
        let mut state = self.lock();
        state.is_told = false;
        let orders = std::mem::take(&mut state.orders);
        for order in &orders {
            if let Order::Send(message) = order {
                state.handed += message.bytes() + MESSAGE_BYTES;
            }
        }
        orders
    }

    /// Takes note that the client's socket has taken all that the loop had.
    pub(crate) fn written(&self) {
        let mut state = self.lock();
        state.unsettled -= std::mem::take(&mut state.handed);
        drop(state);
        self.settled.notify_waiters();
    }

    pub(super) fn ends(&self) {
        let mut state = self.lock();
        state.is_over = true;
        let orders = std::mem::take(&mut state.orders);
        drop(state);
        drop(orders);
        self.settled.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, order: Order) -> Option<ConnectionKey> {
        self.orders.push_back(order);
        let key = self.key.filter(|_| !self.is_told)?;
        self.is_told = true;
        Some(key)
    }
}
