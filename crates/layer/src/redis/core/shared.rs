//! What the calls, the keepers and the channels share; and what it does for the latter two.

use super::general::Listens;
use super::keys::Keys;
use super::members::{self, Members};
use super::sending::Sending;
use super::{inbox, leaving};
use crate::channel::Home;
use crate::codec::Codec;
use crate::names;
use crate::queue::{Demand, Queue};
use crate::redis::RedisSettings;
use crate::redis::hosts::{Connections, Hosts, Keepers, Tenant};
use crate::redis::registry::Registry;
use crate::statistics::Counting;
use crate::{LayerError, MissedReason};
use async_trait::async_trait;
use redis::PushInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// What the calls, the keepers and the channels share.
pub(super) struct Shared {
    pub(super) settings: RedisSettings,
    pub(super) counting: Arc<Counting>,
    pub(super) keys: Keys,
    pub(super) codec: Codec,
    pub(super) hosts: Hosts,
    pub(super) registry: Registry,
    pub(super) members: Members,
    pub(super) sending: Sending,
    pub(super) listens: Listens,
    /// The inboxes of this process: what their channels' names begin with, `!` included.
    pub(super) inboxes: Vec<String>,
    next_inbox: AtomicUsize,
    /// Whether any of their channels is received from.
    pub(super) demand: Arc<Demand>,
}

impl Shared {
    pub(super) fn new(settings: RedisSettings) -> (Arc<Shared>, Keepers) {
        let counting = Arc::default();
        let (hosts, keepers) = Hosts::new(&settings, &counting);
        let inbox = |_| format!("specific.{}!", names::random_id());
        let shared = Shared {
            counting,
            keys: Keys::new(&settings.prefix),
            codec: Codec::core(&settings),
            registry: Registry::new(&settings.common),
            members: Members::new(hosts.count()),
            sending: Sending::default(),
            listens: Listens::default(),
            inboxes: (0..settings.inboxes.max(1)).map(inbox).collect(),
            next_inbox: AtomicUsize::new(0),
            demand: Arc::default(),
            hosts,
            settings,
        };
        (Arc::new(shared), keepers)
    }

    /// Returns the next inbox in turn, for a new channel.
    pub(super) fn next_inbox(&self) -> &str {
        let turn = self.next_inbox.fetch_add(1, Ordering::Relaxed);
        &self.inboxes[turn % self.inboxes.len()]
    }

    pub(super) fn check_open(&self) -> Result<(), LayerError> {
        if self.registry.is_closed() { Err(LayerError::Closed) } else { Ok(()) }
    }

    /// Makes the queue of a channel.
    pub(super) fn queue(&self, demand: &Arc<Demand>) -> Arc<Queue> {
        let (messages_max, expiry) =
            (self.settings.queue_messages_max, self.settings.common.expiry);
        Queue::with_demand(messages_max, expiry, &self.counting, Arc::clone(demand))
    }

    /// Leaves all groups and takes the inboxes away, as far as the hosts can be reached.
    pub(super) async fn close(&self) {
        self.listens.close();
        let memberships = self.registry.close();
        leaving::leave_all(self, memberships).await;
        for host in 0..self.hosts.count() {
            let mut pipeline = redis::pipe();
            for inbox in &self.inboxes {
                pipeline.del(self.keys.inbox(inbox)).ignore();
            }
            // What cannot be deleted expires.
            let _ = self.hosts.ask::<()>(host, &pipeline).await;
        }
    }
}

#[async_trait]
impl Tenant for Shared {
    fn hear(&self, _host: usize, _push: PushInfo) {}

    async fn join(&self, host: usize, connections: &Connections) -> Result<(), String> {
        members::join_again(self, host, connections).await
    }

    async fn listen(&self, host: usize, connections: Connections) -> String {
        tokio::select! {
            why = inbox::read(self, connections.ear) => why,
            why = members::keep(self, host, connections.mouth) => why,
        }
    }

    fn back(&self, _host: usize, from: SystemTime, until: SystemTime) {
        let outage = MissedReason::Outage { from, until };
        self.registry.tell_all(&outage);
        self.listens.tell_all(&outage);
    }
}

impl Home for Shared {
    fn dropped(&self, name: &Arc<str>, queue: &Arc<Queue>) {
        if name.contains('!') {
            leaving::leave_later(self, self.registry.remove(name));
        } else {
            self.listens.end(queue);
        }
    }
}
