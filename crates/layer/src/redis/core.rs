//! The format of `channels_redis.core.RedisChannelLayer`: sorted sets.
//!
//! Each process has an inbox (or a few): a sorted set into which whoever sends to its channels puts
//! one entry for all of them, and out of which it pops. Groups are sorted sets of channel names.

mod general;
mod inbox;
mod keys;
mod leaving;
mod members;
mod sending;
mod shared;
#[cfg(test)]
mod tests;

use super::RedisSettings;
use super::hosts::{Failure, Tenant};
use crate::names::{self, check_channel, check_general, check_group};
use crate::{Channel, ChannelLayer, LayerError, Message, Reach, SendError, Statistics};
use async_trait::async_trait;
use shared::Shared;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::task::JoinSet;

/// A layer on Redis in the format of `channels_redis.core.RedisChannelLayer`. Its clones are the
/// same layer.
///
/// It goes on, and connects again, for ever; when the last clone is dropped it leaves all groups.
///
/// ```no_run
/// use campanile_layer::{ChannelLayer, Message, RedisLayer, RedisSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = RedisSettings {
///     hosts: vec!["redis://localhost:6379/0".parse()?],
///     ..RedisSettings::default()
/// };
/// let layer = RedisLayer::connect(settings).await?;
/// let hello = Message::of_type("chat.message").with("text", "hello");
/// layer.group_send("chat_lobby", &hello).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisLayer(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    keepers: Mutex<JoinSet<()>>,
}

impl RedisLayer {
    /// Starts a layer, which connects in the background.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and without hosts.
    pub fn start(settings: RedisSettings) -> RedisLayer {
        assert!(!settings.hosts.is_empty(), "a layer on Redis needs a host");
        let (shared, keepers) = Shared::new(settings);
        let tenant: Weak<dyn Tenant> = Arc::<Shared>::downgrade(&shared);
        let keepers = Mutex::new(keepers.start(&tenant));
        RedisLayer(Arc::new(Handle { shared, keepers }))
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
    pub async fn connect(settings: RedisSettings) -> Result<RedisLayer, LayerError> {
        let within = settings.connect_within;
        let layer = RedisLayer::start(settings);
        layer.0.shared.hosts.connected(within).await?;
        Ok(layer)
    }
}

#[async_trait]
impl ChannelLayer for RedisLayer {
    async fn new_channel(&self) -> Result<Channel, LayerError> {
        let shared = &self.0.shared;
        let name = format!("{}{}", shared.next_inbox(), names::random_id());
        let (queue, name) = (shared.queue(&shared.demand), Arc::<str>::from(name));
        shared.registry.add(Arc::clone(&name), Arc::clone(&queue))?;
        Ok(Channel::new(name, queue, Arc::<Shared>::clone(shared)))
    }

    async fn listen(&self, name: &str) -> Result<Channel, LayerError> {
        check_general(name)?;
        let shared = &self.0.shared;
        let queue = general::listen(shared, name)?;
        Ok(Channel::new(Arc::from(name), queue, Arc::<Shared>::clone(shared)))
    }

    async fn send(&self, channel: &str, message: &Message) -> Result<(), SendError> {
        check_channel(channel)?;
        self.0.shared.check_open().map_err(|_| SendError::Closed)?;
        let sent = sending::send(&self.0.shared, channel, message).await;
        let counting = &self.0.shared.counting;
        match &sent {
            Ok(()) => counting.sent.add(1),
            Err(SendError::Full) => counting.send_full.add(1),
            Err(SendError::Unavailable(_) | SendError::Unconfirmed(_)) => {
                counting.unavailable.add(1);
            }
            Err(_) => {}
        }
        sent
    }

    async fn group_add(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        check_channel(channel)?;
        self.0.shared.check_open()?;
        members::add(&self.0.shared, group, channel).await
    }

    async fn group_discard(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        check_channel(channel)?;
        self.0.shared.check_open()?;
        members::discard(&self.0.shared, group, channel).await;
        Ok(())
    }

    async fn group_send(&self, group: &str, message: &Message) -> Result<Reach, SendError> {
        check_group(group)?;
        self.0.shared.check_open().map_err(|_| SendError::Closed)?;
        let sent = sending::group_send(&self.0.shared, group, message).await;
        let counting = &self.0.shared.counting;
        match &sent {
            Ok(reach) => {
                counting.group_sent.add(1);
                counting.group_full.add(reach.full);
                counting.group_unreachable.add(reach.unreachable);
            }
            Err(SendError::Unavailable(_) | SendError::Unconfirmed(_)) => {
                counting.unavailable.add(1);
            }
            Err(_) => {}
        }
        sent
    }

    async fn flush(&self) -> Result<(), LayerError> {
        let shared = &self.0.shared;
        shared.check_open()?;
        shared.registry.forget_memberships();
        for host in 0..shared.hosts.count() {
            keys::delete_all(shared, host).await?;
        }
        Ok(())
    }

    fn statistics(&self) -> Statistics {
        let (channels, memberships) = self.0.shared.registry.counts();
        self.0.shared.counting.read(channels, memberships)
    }

    async fn close(&self) {
        self.0.shared.close().await;
        self.0.keepers.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let keepers =
            std::mem::take(&mut *self.keepers.lock().unwrap_or_else(PoisonError::into_inner));
        // Without a runtime there is nobody to leave the groups: they end by group_expiry.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shared = Arc::clone(&self.shared);
        runtime.spawn(async move {
            shared.close().await;
            drop(keepers);
        });
    }
}

impl fmt::Debug for RedisLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.0.shared;
        let mut shown = f.debug_struct("RedisLayer");
        shown.field("hosts", &shared.settings.hosts).field("inboxes", &shared.inboxes);
        shown.finish_non_exhaustive()
    }
}
