//! What lies between a consumer's task and the loop that has its connection.
//!
//! Two queues, both bounded. In: when so many messages wait as may, the loop reads nothing more from
//! the client until half of them are worked off. Out: bytes count until the client's socket has taken
//! them, and who sends more than may be on the way waits.

mod incoming;
mod outgoing;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use campanile_manager::hub::Room;
use campanile_manager::{ConnectionKey, Handle};
#[cfg(feature = "testing")]
use tokio::sync::Notify;

pub(crate) use incoming::{Incoming, Next};
pub use outgoing::Unsent;
pub(crate) use outgoing::{Outgoing, Sending};

use crate::limits::Limits;
use crate::message::Message;
use crate::relay::Berth;
use crate::service::{Ask, OnLoop};
use crate::{Close, CloseCode};

/// What a consumer's task and the loop that has its connection have in common.
pub(crate) struct Line {
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    carrier: Carrier,
    send_within: Duration,
}

/// What a task wants of its connection.
pub(crate) enum Order {
    /// Send a message.
    Send(Message),
    /// Close, after what was sent before.
    Close(Close),
    /// Read on.
    Resume,
    /// Hear a group by the fast lane.
    Subscribe(Berth),
    /// Hear it no longer.
    Unsubscribe(Room),
}

/// Who carries orders out.
pub(crate) enum Carrier {
    /// The loops, one of which has the connection.
    Loops(Handle<OnLoop>),
    /// A test, which is told that there are some.
    #[cfg(feature = "testing")]
    Test(Arc<Notify>),
}

/// After how long orders are brought to a loop again whose mailbox was full.
const AGAIN_AFTER: Duration = Duration::from_millis(5);

impl Line {
    pub(crate) fn new(carrier: Carrier, limits: &Limits) -> Arc<Line> {
        Arc::new(Line {
            incoming: Incoming::new(limits),
            outgoing: Outgoing::new(limits),
            carrier,
            send_within: limits.send_within,
        })
    }

    /// Takes the next thing that the client said or did.
    pub(crate) async fn next(self: &Arc<Line>) -> Next {
        let (next, reads_on) = self.incoming.next().await;
        if reads_on {
            self.order(Order::Resume);
        }
        next
    }

    /// Sends a message, as soon as the client has taken enough of those before.
    pub(crate) async fn send(self: &Arc<Line>, message: Message) -> Result<(), Unsent> {
        let mut message = match self.outgoing.send(message) {
            Sending::Waits(message) => message,
            done => return self.sent(&done),
        };
        let sending = async {
            loop {
                let mut settled = pin!(self.outgoing.settled());
                settled.as_mut().enable();
                message = match self.outgoing.send(message) {
                    Sending::Waits(message) => message,
                    done => return self.sent(&done),
                };
                settled.await;
            }
        };
        let sent = tokio::time::timeout(self.send_within, sending).await;
        sent.unwrap_or_else(|_| {
            self.order(Order::Close(Close::new(CloseCode::TRY_AGAIN_LATER, "too slow")));
            Err(Unsent::TooSlow)
        })
    }

    /// Sends a message if it need not wait; returns whether it did.
    pub(crate) fn try_send(self: &Arc<Line>, message: Message) -> bool {
        let sending = self.outgoing.send(message);
        self.sent(&sending).is_ok()
    }

    fn sent(self: &Arc<Line>, sending: &Sending) -> Result<(), Unsent> {
        match sending {
            Sending::Done(told) => {
                self.tell(*told);
                Ok(())
            }
            Sending::Gone => Err(Unsent::Gone),
            Sending::Waits(_) | Sending::TooMuch => Err(Unsent::TooSlow),
        }
    }

    /// Has the loop do something, soon and in order.
    pub(crate) fn order(self: &Arc<Line>, order: Order) {
        self.tell(self.outgoing.push(order));
    }

    /// Takes note that the client is let in: from now on what is sent can wait.
    pub(crate) fn lets_in(&self) {
        self.outgoing.lets_in();
    }

    /// Takes note which connection it is, now that a loop has it.
    pub(crate) fn opens(&self, key: ConnectionKey) {
        self.outgoing.opens(key);
    }

    /// Takes note that the connection is over. The first time counts.
    pub(crate) fn ends(&self, code: CloseCode) {
        self.outgoing.ends();
        self.incoming.ends(code);
    }

    /// Brings the connection's loop the news that there are orders; until its mailbox takes it.
    fn tell(self: &Arc<Line>, key: Option<ConnectionKey>) {
        let Some(key) = key else { return };
        if self.carrier.is_told(key) {
            return;
        }
        let line = Arc::clone(self);
        tokio::spawn(async move {
            while !line.outgoing.is_over() && !line.carrier.is_told(key) {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        });
    }
}

impl Carrier {
    fn is_told(&self, key: ConnectionKey) -> bool {
        match self {
            Carrier::Loops(handle) => handle.command(key, Ask(key)).is_ok(),
            #[cfg(feature = "testing")]
            Carrier::Test(told) => {
                told.notify_one();
                true
            }
        }
    }
}
