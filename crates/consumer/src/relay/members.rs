//! Who hears a group by the fast lane.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use campanile_layer::{Missed, MissedReason};
use campanile_manager::hub::{Match, RequestId};
use campanile_manager::wire::Kind;
use campanile_manager::{Connection, Envelope, PostError, Publication};

use super::Relay;
use crate::line::Line;
use crate::message::Message;
use crate::server::Inner;
use crate::service::{self, Seat};

/// Who hears a group by the fast lane.
///
/// Most are subscribed on their loops and get what is published. One that is about to be, since its
/// client is being let in or its loop has not heard of it yet, has it kept here meanwhile.
#[derive(Default)]
pub(super) struct Members {
    lines: HashMap<u64, Arc<Line>>,
    ashore: HashMap<u64, Ashore>,
    serial: u64,
}

/// How a member gets what it hears that is not subscribed.
enum Ashore {
    /// It is kept until it is: each with its number in the loops' order.
    Kept(Vec<(u64, Message)>),
    /// It is sent like any message: there is no loop, or no room there.
    Sent,
}

/// A member's place.
#[derive(Clone)]
pub(crate) struct Berth {
    relay: Arc<Relay>,
    serial: u64,
}

/// What is kept for a member that is not subscribed yet.
const KEPT_MAX: usize = 256;
/// After how long the loops are asked again whose mailboxes are full.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

impl Relay {
    pub(super) fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a message to all members, as soon as the loops can take it.
    pub(super) async fn publish(&self, server: &Inner, message: Message) {
        server.counters.lane_events.one_more();
        let publication = Arc::new(self.publication(&message));
        loop {
            // Under this lock, a member either is subscribed and hears the publication, or has it kept.
            let mut members = self.members();
            match server.publish(&publication) {
                Ok(number) => return members.keep(number, &message),
                Err(PostError::Ended) => return,
                Err(PostError::Full) => drop(members),
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    fn publication(&self, message: &Message) -> Publication {
        let (kind, shared) = match message {
            Message::Text(text) => (Kind::Text, Bytes::from(text.clone())),
            Message::Binary(bytes) => (Kind::Binary, bytes.clone()),
        };
        let envelope = Envelope { shared, closing: "" };
        Publication::new(vec![self.room.clone()], Match::Literal, envelope).of_kind(kind)
    }
}

impl Members {
    fn keep(&mut self, number: u64, message: &Message) {
        for (serial, ashore) in &mut self.ashore {
            let line = &self.lines[serial];
            let is_kept = match ashore {
                Ashore::Kept(kept) if kept.len() < KEPT_MAX => {
                    kept.push((number, message.clone()));
                    true
                }
                Ashore::Kept(_) => false,
                Ashore::Sent => line.try_send(message.clone()),
            };
            if !is_kept {
                line.incoming.misses(Missed { reason: MissedReason::Overflow { count: 1 } });
            }
        }
    }

    /// Tells all members that something may be missing.
    pub(super) fn miss(&self, missed: &Missed) {
        self.lines.values().for_each(|line| line.incoming.misses(missed.clone()));
    }
}

impl Berth {
    pub(super) fn new(relay: &Arc<Relay>, line: &Arc<Line>) -> Berth {
        let mut members = relay.members();
        members.serial += 1;
        let serial = members.serial;
        members.lines.insert(serial, Arc::clone(line));
        members.ashore.insert(serial, Ashore::Kept(Vec::new()));
        Berth { relay: Arc::clone(relay), serial }
    }

    pub(super) fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// Gives the place up. Returns whether it was the last.
    pub(super) fn leave(&self) -> bool {
        let mut members = self.relay.members();
        members.ashore.remove(&self.serial);
        members.lines.remove(&self.serial).is_some() && members.lines.is_empty()
    }

    /// Subscribes the member's connection, and sends what was kept for it: all that was published
    /// before the subscription counts, and none that it will hear itself.
    pub(crate) fn moor(&self, connection: &mut Connection<'_, Seat>) {
        let mut members = self.relay.members();
        let Some(Ashore::Kept(kept)) = members.ashore.remove(&self.serial) else { return };
        let is_subscribed = connection.subscribe(self.relay.room.clone(), RequestId::NONE).is_ok();
        let since = if is_subscribed { connection.accepted() } else { u64::MAX };
        for (_, message) in kept.iter().filter(|(number, _)| *number <= since) {
            service::send(connection, message);
        }
        if !is_subscribed {
            members.ashore.insert(self.serial, Ashore::Sent);
        }
    }

    /// Has what comes sent to the member like any message, and returns what was kept for it.
    #[cfg(feature = "testing")]
    pub(crate) fn stay_ashore(&self) -> Vec<Message> {
        let mut members = self.relay.members();
        match members.ashore.insert(self.serial, Ashore::Sent) {
            Some(Ashore::Kept(kept)) => kept.into_iter().map(|(_, message)| message).collect(),
            _ => Vec::new(),
        }
    }
}
