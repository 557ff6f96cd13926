//! The pub/sub layer: each group and each channel is a channel of Redis' own.

mod ear;
mod members;
mod subscriptions;
#[cfg(test)]
mod tests;

use super::RedisSettings;
use super::hosts::{Failure, Hosts, Keepers, State, Tenant};
use crate::channel::Home;
use crate::codec::{Address, Codec};
use crate::names::{self, check_channel, check_general, check_group};
use crate::queue::Queue;
use crate::statistics::Counting;
use crate::{Channel, ChannelLayer, LayerError, Message, Reach, SendError, Statistics};
use async_trait::async_trait;
use ear::Ear;
use members::Members;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A layer in the format of `channels_redis.pubsub.RedisPubSubChannelLayer`. Its clones are the
/// same layer.
///
/// What is sent goes at once to those who listen now; nothing waits in Redis. What is published
/// while a process has lost Redis is lost for it, and its channels are told so.
///
/// It goes on, and connects again, for ever; when the last clone is dropped it closes.
#[derive(Clone)]
pub struct RedisPubSubLayer(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    keepers: Mutex<JoinSet<()>>,
}

/// What the calls, the keepers and the channels share.
struct Shared {
    settings: RedisSettings,
    counting: Arc<Counting>,
    codec: Codec,
    hosts: Hosts,
    /// One for each host.
    ears: Vec<Ear>,
    members: Mutex<Members>,
}

impl RedisPubSubLayer {
    /// Starts a layer, which connects in the background.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and without hosts.
    pub fn start(settings: RedisSettings) -> RedisPubSubLayer {
        assert!(!settings.hosts.is_empty(), "a layer on Redis needs a host");
        let counting = Arc::default();
        let (hosts, keepers) = Hosts::new(&settings, &counting);
        let shared = Arc::new(Shared {
            counting,
            codec: Codec::pub_sub(&settings),
            ears: settings.hosts.iter().map(|_| Ear::new()).collect(),
            hosts,
            members: Mutex::default(),
            settings,
        });
        RedisPubSubLayer::keep(shared, keepers)
    }

    fn keep(shared: Arc<Shared>, keepers: Keepers) -> RedisPubSubLayer {
        let tenant: Weak<dyn Tenant> = Arc::<Shared>::downgrade(&shared);
        let keepers = Mutex::new(keepers.start(&tenant));
        RedisPubSubLayer(Arc::new(Handle { shared, keepers }))
    }

    /// Starts a layer, and waits until all its hosts are connected.
    ///
    /// # Errors
    ///
    /// If one of them cannot be connected to within `connect_within`.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and without hosts.
    pub async fn connect(settings: RedisSettings) -> Result<RedisPubSubLayer, LayerError> {
        let within = settings.connect_within;
        let layer = RedisPubSubLayer::start(settings);
        layer.0.shared.hosts.connected(within).await?;
        Ok(layer)
    }

    async fn open(&self, name: Arc<str>) -> Result<Channel, LayerError> {
        let shared = &self.0.shared;
        let (messages_max, common) = (shared.settings.queue_messages_max, &shared.settings.common);
        let make = || Queue::new(messages_max, common.expiry, &shared.counting);
        let queue = shared.members().open(&name, common.channels_max, make)?;
        let home = Arc::clone(shared) as Arc<dyn Home>;
        let channel = Channel::new(Arc::clone(&name), queue, home);
        // If the host is lost, the channel hears when it is back.
        let (host, number) = shared.change(&name, true);
        let refused =
            shared.done(host, number).await.is_ok_and(|()| shared.is_refused(host, &name));
        if refused {
            return Err(LayerError::Unavailable(not_permitted(&name)));
        }
        Ok(channel)
    }

    /// Publishes to a channel of Redis; returns how many processes heard it.
    async fn publish(&self, name: &str, message: &Message) -> Result<u64, SendError> {
        let shared = &self.0.shared;
        if shared.members().is_closed() {
            return Err(SendError::Closed);
        }
        let fields = shared.codec.write(message)?;
        let body = shared.codec.entry(&fields, Address::None, SystemTime::now());
        let mut pipeline = redis::pipe();
        pipeline.cmd("PUBLISH").arg(name).arg(body);
        let asked = shared.hosts.ask::<(u64,)>(shared.hosts.of(name), &pipeline).await;
        asked.map(|(processes,)| processes).map_err(|failure| {
            shared.counting.unavailable.add(1);
            failure.into()
        })
    }
}

#[async_trait]
impl ChannelLayer for RedisPubSubLayer {
    async fn new_channel(&self) -> Result<Channel, LayerError> {
        let prefix = &self.0.shared.settings.prefix;
        self.open(Arc::from(format!("{prefix}specific.{}", names::random_id()))).await
    }

    async fn listen(&self, name: &str) -> Result<Channel, LayerError> {
        check_general(name)?;
        self.open(Arc::from(name)).await
    }

    async fn send(&self, channel: &str, message: &Message) -> Result<(), SendError> {
        self.0.shared.check_channel(channel)?;
        self.publish(channel, message).await?;
        self.0.shared.counting.sent.add(1);
        Ok(())
    }

    async fn group_add(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        self.0.shared.check_channel(channel)?;
        let shared = &self.0.shared;
        let name = shared.group(group);
        let host = shared.hosts.of(&name);
        shared.hosts.connections(host)?;
        let is_new = shared.members().join(&name, channel, shared.settings.common.groups_max)?;
        let (_, number) = shared.change(&name, true);
        let joined = match shared.done(host, number).await {
            Ok(()) if shared.is_refused(host, &name) => {
                Err(LayerError::Unavailable(not_permitted(&name)))
            }
            done => done.map_err(LayerError::from),
        };
        if joined.is_err() && is_new {
            shared.part(&name, channel);
        }
        joined
    }

    async fn group_discard(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        self.0.shared.check_channel(channel)?;
        if self.0.shared.members().is_closed() {
            return Err(LayerError::Closed);
        }
        if let Some((host, number)) = self.0.shared.part(&self.0.shared.group(group), channel) {
            // The membership has ended in any case; a host that is lost knows of none.
            let _ = self.0.shared.done(host, number).await;
        }
        Ok(())
    }

    async fn group_send(&self, group: &str, message: &Message) -> Result<Reach, SendError> {
        check_group(group)?;
        let reached = self.publish(&self.0.shared.group(group), message).await?;
        self.0.shared.counting.group_sent.add(1);
        Ok(Reach { reached, ..Reach::default() })
    }

    /// Forgets the groups and what waits in this process; it knows nothing of the others'.
    async fn flush(&self) -> Result<(), LayerError> {
        let unwanted = {
            let mut members = self.0.shared.members();
            if members.is_closed() {
                return Err(LayerError::Closed);
            }
            members.flush()
        };
        self.0.shared.unsubscribe(&unwanted).await;
        Ok(())
    }

    fn statistics(&self) -> Statistics {
        let (channels, memberships) = self.0.shared.members().counts();
        self.0.shared.counting.read(channels, memberships)
    }

    async fn close(&self) {
        self.0.shared.close().await;
        self.0.keepers.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Shared {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the channel of Redis that a group is.
    fn group(&self, group: &str) -> Arc<str> {
        Arc::from(format!("{}__group__{group}", self.settings.prefix))
    }

    /// Checks the name of a channel, to which the prefix belongs here, whatever is in it.
    fn check_channel(&self, name: &str) -> Result<(), names::NameError> {
        check_channel(name.strip_prefix(&self.settings.prefix).unwrap_or(name))
    }

    /// Ends a membership; returns what to wait for if it was the group's last.
    fn part(&self, group: &Arc<str>, channel: &str) -> Option<(usize, Option<u64>)> {
        let is_unwanted = self.members().part(group, channel);
        is_unwanted.then(|| self.change(group, false))
    }

    /// Takes note that a name is wanted, or no more; returns its host and the change's number.
    fn change(&self, name: &Arc<str>, is_wanted: bool) -> (usize, Option<u64>) {
        let host = self.hosts.of(name);
        (host, self.ears[host].subscriptions.change(name, is_wanted))
    }

    /// Waits until a change is done; or returns that the host is lost.
    async fn done(&self, host: usize, number: Option<u64>) -> Result<(), Failure> {
        let Some(number) = number else { return self.hosts.connections(host).map(drop) };
        // While everything is joined again the host still counts as lost. This is waited for all the
        // same: a channel that is told of the outage must not miss anything afterwards.
        let mut state = self.hosts.watch(host);
        state.mark_unchanged();
        let is_done = tokio::select! {
            biased;
            is_done = self.ears[host].subscriptions.until_done(number) => is_done,
            () = lost(state) => false,
        };
        self.hosts.connections(host)?;
        if is_done {
            Ok(())
        } else {
            Err(Failure::Unavailable(String::from("it was lost just now")))
        }
    }

    /// Says whether Redis did not permit what was done.
    fn is_refused(&self, host: usize, name: &str) -> bool {
        !self.ears[host].subscriptions.is_subscribed(name)
    }

    async fn close(&self) {
        let unwanted = self.members().close();
        self.unsubscribe(&unwanted).await;
    }

    async fn unsubscribe(&self, names: &[Arc<str>]) {
        let changes: Vec<_> = names.iter().map(|name| self.change(name, false)).collect();
        for (host, number) in changes {
            // What a lost host knows ends with its connection.
            let _ = self.done(host, number).await;
        }
    }
}

impl Home for Shared {
    fn dropped(&self, name: &Arc<str>, _queue: &Arc<Queue>) {
        let unwanted = self.members().release(name);
        for name in &unwanted {
            self.change(name, false);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let keepers =
            std::mem::take(&mut *self.keepers.lock().unwrap_or_else(PoisonError::into_inner));
        // Without a runtime the keepers have ended already.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shared = Arc::clone(&self.shared);
        runtime.spawn(async move {
            shared.close().await;
            drop(keepers);
        });
    }
}

impl fmt::Debug for RedisPubSubLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RedisPubSubLayer");
        shown.field("hosts", &self.0.shared.settings.hosts).finish_non_exhaustive()
    }
}

/// Waits until the host is lost, or lost anew.
async fn lost(mut state: watch::Receiver<State>) {
    // The keeper's end is a loss, too.
    while state.changed().await.is_ok() && !matches!(*state.borrow_and_update(), State::Lost(_)) {}
}

fn not_permitted(name: &str) -> String {
    format!("Redis did not subscribe to {name}: does its user have the right to that channel?")
}
