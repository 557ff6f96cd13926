//! A consumer's connection, as its loop serves it.

use std::sync::Arc;

use bytes::Bytes;
use campanile_manager::wire::Closed;
use campanile_manager::{
    self as manager, Connection, ConnectionKey, Connections, Service, Unwritten,
};

use crate::CloseCode;
use crate::line::{Line, Order};
use crate::message::Message;
use crate::statistics::Counters;

/// What all consumers' connections of a loop have: it passes on what comes, and does what is ordered.
pub(crate) struct OnLoop {
    pub(crate) counters: Arc<Counters>,
}

/// To look what a connection's consumer has ordered.
pub(crate) struct Ask(pub(crate) ConnectionKey);

/// A consumer's line, held by the connection's end: however that ends, the consumer hears of it.
pub(crate) struct Seat(pub(crate) Arc<Line>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.ends(CloseCode::ABNORMAL);
    }
}

impl Service for OnLoop {
    type Session = Seat;
    type Command = Ask;

    fn opened(&mut self, connection: &mut Connection<'_, Seat>) {
        connection.session().0.opens(connection.key());
        self.carry_out(connection);
    }

    fn message(&mut self, connection: &mut Connection<'_, Seat>, message: manager::Message<'_>) {
        self.counters.messages_received.one_more();
        let message = match message {
            manager::Message::Text(text) => Message::Text(text.to_owned()),
            manager::Message::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        };
        if connection.session().0.incoming.push(message) {
            self.counters.pauses.one_more();
            connection.pause();
        }
    }

    fn written(&mut self, connection: &mut Connection<'_, Seat>) {
        connection.session().0.outgoing.written();
    }

    fn shed(&mut self, _: &Connection<'_, Seat>, _: Unwritten) {
        self.counters.slow_closed.one_more();
    }

    fn closed(&mut self, _: ConnectionKey, session: Seat, closed: &Closed) {
        session.0.ends(closed.code);
    }

    fn command(&mut self, Ask(key): Ask, connections: &mut dyn Connections<Seat>) {
        // One that is gone has told its consumer so.
        connections.with(key, &mut |connection| self.carry_out(connection));
    }
}

impl OnLoop {
    fn carry_out(&self, connection: &mut Connection<'_, Seat>) {
        let line = Arc::clone(&connection.session().0);
        let mut has_sent = false;
        for order in line.outgoing.take() {
            match order {
                Order::Send(message) => {
                    self.counters.messages_sent.one_more();
                    has_sent = true;
                    send(connection, &message);
                }
                Order::Close(close) => connection.close(close.code, &close.reason),
                Order::Resume => connection.resume(),
                Order::Subscribe(berth) => berth.moor(connection),
                Order::Unsubscribe(room) => {
                    connection.retain_subscriptions(|known| *known != room, |_, _| {});
                }
            }
        }
        if has_sent {
            connection.tell_when_written();
        }
    }
}

pub(crate) fn send(connection: &mut Connection<'_, Seat>, message: &Message) {
    match message {
        Message::Text(text) => connection.send_text(text),
        Message::Binary(bytes) => connection.send_binary(bytes),
    }
}
