//! The promise of a channel layer, and the calls.

use crate::{Channel, LayerError, Message, SendError, Statistics};
use async_trait::async_trait;
use std::sync::Arc;

/// A channel layer of any kind, as those hold it who only use it.
pub type Layer = Arc<dyn ChannelLayer>;

/// The way from any consumer to any other, by channels and groups.
///
/// # The promise
///
/// *At most once.* A message reaches a channel once or not at all. Nothing is sent again by the
/// layer's own decision.
///
/// *Order.* What one task sends to one channel or group, the next after the former has returned,
/// each channel receives in that order. Nothing is promised between different senders.
///
/// *Membership.* When [`group_add`](Self::group_add) has returned, what is sent to the group
/// afterwards reaches the channel; until [`group_discard`](Self::group_discard) or the end of the
/// channel, however long that takes, and also after the way to the others was lost and is back.
///
/// *Bounds.* A channel holds so many messages as its capacity says (on Redis, there, and so many as
/// `queue_messages_max` says here), and each no longer than `expiry`. Where it is full, [`send`](Self::send) fails with [`SendError::Full`], while
/// [`group_send`](Self::group_send) passes it over, counts it and says so in [`Reach`].
///
/// *Loss.* A channel of this process for which something is or may be missing receives a
/// [`Received::Missed`](crate::Received::Missed) in the place of what is missing: it was full, or
/// the way to the others was lost for a time, or what came could not be read. What another process
/// could not send is told there only.
///
/// *Never hanging.* While the way to the others is lost, sends and changes of groups fail at once
/// as unavailable.
///
/// Handles are cheap to clone, and all calls may be dropped half-way: then the message may have
/// been sent or not.
#[async_trait]
pub trait ChannelLayer: Send + Sync + 'static {
    /// Makes a channel with a name of its own, which receives here. Dropping it leaves all its
    /// groups.
    ///
    /// # Errors
    ///
    /// If there are `channels_max` already, or the layer is closed.
    async fn new_channel(&self) -> Result<Channel, LayerError>;

    /// Receives from a general channel: one with a name that everybody knows, like `worker`.
    ///
    /// A message to it goes to one of those who listen to it, in any process; with the pub/sub
    /// layer to one in each process.
    ///
    /// # Errors
    ///
    /// If the name is bad, or there are `channels_max` already, or the layer is closed.
    async fn listen(&self, name: &str) -> Result<Channel, LayerError>;

    /// Sends to one channel, by its name, wherever it is.
    ///
    /// That nobody receives there is no error: nobody knows.
    ///
    /// # Errors
    ///
    /// If the channel is full, or the message or the name is not as they have to be, or the layer
    /// cannot be reached.
    async fn send(&self, channel: &str, message: &Message) -> Result<(), SendError>;

    /// Adds a channel to a group; when it returns, the channel is a member. Adding twice is adding
    /// once.
    ///
    /// # Errors
    ///
    /// If a name is bad, or the channel is in `groups_max` groups, or the layer cannot be reached:
    /// then the channel is no member.
    async fn group_add(&self, group: &str, channel: &str) -> Result<(), LayerError>;

    /// Takes a channel out of a group. What is on its way may still be received.
    ///
    /// While the layer cannot be reached it is done later.
    ///
    /// # Errors
    ///
    /// If a name is bad, or the layer is closed.
    async fn group_discard(&self, group: &str, channel: &str) -> Result<(), LayerError>;

    /// Sends to all members of a group, wherever they are.
    ///
    /// Those that are full are passed over, which is counted.
    ///
    /// # Errors
    ///
    /// If the message or the name is not as they have to be, or the layer cannot be reached.
    async fn group_send(&self, group: &str, message: &Message) -> Result<Reach, SendError>;

    /// Forgets all groups and all messages that wait in the layer, of all its processes. For tests.
    ///
    /// # Errors
    ///
    /// If the layer cannot be reached, or is closed.
    async fn flush(&self) -> Result<(), LayerError>;

    /// Returns what was counted since the start.
    fn statistics(&self) -> Statistics;

    /// Leaves all groups, ends all channels with [`Received::Closed`](crate::Received::Closed), and
    /// returns when that is done.
    async fn close(&self);
}

/// Whom a message to a group was put before, as far as the layer knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Channels for which it was stored; with the pub/sub layer, processes that it was sent to.
    pub reached: u64,
    /// Channels that were passed over, since they or the inbox of their process are full.
    pub full: u64,
    /// Channels whose host, one of several, cannot be reached.
    pub unreachable: u64,
}
