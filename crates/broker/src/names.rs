//! The channels of Redis and the subjects of NATS, and what comes by them.

use crate::arrivals::NotTaken;
use crate::envelope::{Id, Seen, read_probe, unwrap, wrap};
use crate::event::Taken;
use crate::link::Ears;
use crate::{Settings, To};
use bytes::Bytes;
use sha1::{Digest, Sha1};
use std::sync::{Mutex, PoisonError};

/// A publication for more rooms than this goes to everybody, which is one message.
const ROOMS_MAX: usize = 64;

/// So does one whose copies would have more bytes than this together.
const COPIES_BYTES_MAX: usize = 1 << 20;

/// The addresses of one node, each the exchange and a word: `hightemplar:everybody`.
pub(crate) struct Names {
    exchange: String,
    separator: char,
    pub(crate) everybody: String,
    pub(crate) nodes: String,
    /// This connection's own: only its probes go there.
    pub(crate) node: String,
}

impl Names {
    pub(crate) fn new(settings: &Settings, separator: char) -> Names {
        let exchange = settings.exchange.clone();
        let name = |word: &str| format!("{exchange}{separator}{word}");
        let node = format!("{}{separator}{}", name("node"), Id::random());
        let (everybody, nodes) = (name("everybody"), name("nodes"));
        Names { exchange, separator, everybody, nodes, node }
    }

    /// Returns a room's: `room` and the SHA-1 of its canonical JSON, which has always the same
    /// length and no character that means something to a broker.
    pub(crate) fn room(&self, topic: &str) -> String {
        let Names { exchange, separator, .. } = self;
        let mut name = format!("{exchange}{separator}room{separator}");
        for byte in Sha1::digest(topic.as_bytes()) {
            name.push(char::from_digit(u32::from(byte >> 4), 16).expect("it is less than 16"));
            name.push(char::from_digit(u32::from(byte & 15), 16).expect("it is less than 16"));
        }
        name
    }

    /// Returns where a publication has to be sent, and what: its envelope.
    pub(crate) fn publication(&self, to: To<'_>, body: &[u8]) -> (Vec<String>, Bytes) {
        (self.of(to, body.len()), wrap(Id::random(), body))
    }

    /// Returns the same for a probe.
    pub(crate) fn probe(&self, number: u64) -> (Vec<String>, Bytes) {
        (vec![self.node.clone()], number.to_string().into())
    }

    /// Returns all that a publication of so many bytes has to be sent to.
    fn of(&self, to: To<'_>, bytes: usize) -> Vec<String> {
        let few = |rooms| rooms <= ROOMS_MAX && rooms * bytes <= COPIES_BYTES_MAX;
        match to {
            To::Rooms(topics) if topics.len() <= 1 || few(topics.len()) => {
                topics.iter().map(|topic| self.room(topic)).collect()
            }
            To::Rooms(_) | To::Everybody => vec![self.everybody.clone()],
            To::Nodes => vec![self.nodes.clone()],
        }
    }
}

/// Tells what comes to whom it is for.
pub(crate) struct Hearing {
    names: std::sync::Arc<Names>,
    ears: Ears,
    seen: Mutex<Seen>,
}

impl Hearing {
    pub(crate) fn new(names: std::sync::Arc<Names>, ears: Ears) -> Hearing {
        Hearing { names, ears, seen: Mutex::default() }
    }

    /// Takes in what came to an address.
    pub(crate) fn hear(&self, address: &[u8], payload: &Bytes) {
        if address == self.names.node.as_bytes() {
            return self.ears.probe(read_probe(payload));
        }
        let (id, body) = unwrap(payload);
        let heard = if address == self.names.nodes.as_bytes() {
            self.ears.arrivals.control(body)
        } else if id.is_some_and(|id| self.is_copy(id)) {
            self.ears.arrivals.counting().duplicates_dropped.count();
            Ok(())
        } else {
            self.ears.arrivals.publication(body, Taken::default())
        };
        if let Err(NotTaken) = heard {
            self.broken("the loops are too far behind what comes (backlog_bytes_max)");
        }
    }

    /// Says that the connection is of no more use.
    pub(crate) fn broken(&self, why: impl Into<String>) {
        self.ears.broken(why);
    }

    fn is_copy(&self, id: Id) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_copy(id)
    }
}
