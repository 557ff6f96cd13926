//! What comes from a host over the connection that is subscribed.

use super::Shared;
use super::subscriptions::Subscriptions;
use crate::codec::Undecodable;
use crate::redis::hosts::{Connections, Tenant};
use crate::redis::keeper::prove;
use crate::redis::reading::{TOO_LONG, bounded, undecodable};
use crate::{Message, MissedReason};
use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How many times as long a message may be in JSON, where each character is escaped, and encrypted.
const SWELLING_MAX: usize = 5;

/// What is known of the connection to one host that is subscribed.
#[derive(Debug)]
pub(super) struct Ear {
    pub(super) subscriptions: Subscriptions,
    /// When it last was known to stand.
    stood: Mutex<Option<SystemTime>>,
    /// A connection to the host has ended; perhaps this one.
    doubt: Notify,
}

impl Ear {
    pub(super) fn new() -> Ear {
        Ear { subscriptions: Subscriptions::new(), stood: Mutex::default(), doubt: Notify::new() }
    }

    /// Asks the host again and again, and at once where there is doubt; returns why it is lost.
    async fn prove(&self, connection: &MultiplexedConnection, silence: Duration) -> String {
        let mut standing = Standing { ear: self, latest: None };
        loop {
            let doubt = self.doubt.notified();
            tokio::select! {
                why = prove(connection, silence, &mut standing.latest) => return why,
                () = doubt => {}
            }
        }
    }

    fn stood(&self) -> Option<SystemTime> {
        *self.stood.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that stands; when it ends, also by the other's, it is noted when it last stood.
struct Standing<'a> {
    ear: &'a Ear,
    latest: Option<SystemTime>,
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        *self.ear.stood.lock().unwrap_or_else(PoisonError::into_inner) = self.latest;
    }
}

/// Closes the subscriptions to a host also when nobody waits for the end any more.
struct Open<'a>(&'a Shared, usize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let Open(shared, host) = *self;
        shared.members().lose(host);
        shared.ears[host].subscriptions.close();
    }
}

#[async_trait]
impl Tenant for Shared {
    fn hear(&self, host: usize, push: PushInfo) {
        match (push.kind, <[Value; 2]>::try_from(push.data)) {
            (PushKind::Message, Ok([Value::BulkString(name), Value::BulkString(body)])) => {
                if let Ok(name) = std::str::from_utf8(&name) {
                    self.take(host, name, &body);
                }
            }
            (PushKind::Disconnection, _) => self.ears[host].doubt.notify_one(),
            _ => {}
        }
    }

    async fn join(&self, host: usize, connections: &Connections) -> Result<(), String> {
        let mut connection = connections.ear.clone();
        let wanted = || {
            let members = self.members();
            members.wanted().filter(|name| self.hosts.of(name) == host).cloned().collect()
        };
        let subscriptions = &self.ears[host].subscriptions;
        let joined = subscriptions.join(&mut connection, wanted, self.settings.silence).await;
        if joined.is_err() {
            subscriptions.close();
        }
        joined
    }

    async fn listen(&self, host: usize, connections: Connections) -> String {
        let ear = &self.ears[host];
        let _open = Open(self, host);
        let mut connection = connections.ear.clone();
        let silence = self.settings.silence;
        let is_wanted = |name: &str| self.members().wants(name);
        tokio::select! {
            why = ear.subscriptions.keep(&mut connection, is_wanted, silence) => why,
            why = ear.prove(&connections.ear, silence) => why,
        }
    }

    fn back(&self, host: usize, from: SystemTime, _until: SystemTime) {
        let from = self.ears[host].stood().map_or(from, |stood| stood.min(from));
        self.members().tell(host, |name| self.hosts.of(name) == host, from);
    }
}

impl Shared {
    /// Hands what was published to those who listen to that name.
    fn take(&self, host: usize, name: &str, body: &[u8]) {
        if self.members().are_to_be_told_of(host) {
            // It belongs to what the outage that they are told of took.
            return;
        }
        if !self.members().wants(name) {
            // The last of them has just left.
            self.counting.unknown.add(1);
            return;
        }
        match self.open(body) {
            Ok(message) => self.members().deliver(name, &message, Instant::now()),
            Err(why) => {
                undecodable(&self.counting, why);
                for queue in self.members().listeners(name) {
                    queue.miss(MissedReason::Undecodable { count: 1 });
                }
            }
        }
    }

    fn open(&self, body: &[u8]) -> Result<Message, Undecodable> {
        let common = &self.settings.common;
        if body.len() > common.message_bytes_max.saturating_mul(SWELLING_MAX) {
            return Err(TOO_LONG);
        }
        bounded(self.codec.read(body, SystemTime::now())?, common)
    }
}
