//! A layer within one process.

use crate::channel::Home;
use crate::names::{self, check_channel, check_general, check_group};
use crate::queue::Queue;
use crate::statistics::Counting;
use crate::{Channel, ChannelLayer, LayerError, Message, Reach, SendError, Settings, Statistics};
use async_trait::async_trait;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::Instant;

/// A layer within one process: for one alone, and for tests. Its clones are the same layer.
#[derive(Clone, Debug)]
pub struct MemoryLayer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    counting: Arc<Counting>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    channels: HashMap<Arc<str>, Address>,
    groups: HashMap<Arc<str>, HashMap<Arc<str>, Arc<Queue>>>,
    memberships: usize,
    closed: bool,
}

/// A channel that can be sent to.
#[derive(Debug)]
struct Address {
    queue: Arc<Queue>,
    groups: HashSet<Arc<str>>,
    /// How many receive here. A general channel may wait for somebody who does.
    receivers: usize,
}

impl MemoryLayer {
    /// Makes one.
    pub fn new(settings: Settings) -> MemoryLayer {
        let (counting, state) = (Arc::default(), RwLock::default());
        MemoryLayer(Arc::new(Shared { settings, counting, state }))
    }

    fn open(&self, name: &str) -> Result<Channel, LayerError> {
        let mut state = self.0.write();
        if state.closed {
            return Err(LayerError::Closed);
        }
        let address = state.address(name, &self.0).ok_or(LayerError::Limit("channels_max"))?;
        address.receivers += 1;
        let queue = Arc::clone(&address.queue);
        drop(state);
        let home = Arc::clone(&self.0) as Arc<dyn Home>;
        Ok(Channel::new(Arc::from(name), queue, home))
    }

    /// Refuses what no layer would take, or this one no more.
    fn check(&self, message: &Message) -> Result<(), SendError> {
        let bytes = message.bytes();
        if bytes > self.0.settings.message_bytes_max {
            return Err(SendError::TooBig { bytes });
        }
        if self.0.read().closed { Err(SendError::Closed) } else { Ok(()) }
    }
}

#[async_trait]
impl ChannelLayer for MemoryLayer {
    async fn new_channel(&self) -> Result<Channel, LayerError> {
        self.open(&format!("specific.{}!{}", names::random_id(), names::random_id()))
    }

    async fn listen(&self, name: &str) -> Result<Channel, LayerError> {
        check_general(name)?;
        self.open(name)
    }

    async fn send(&self, channel: &str, message: &Message) -> Result<(), SendError> {
        check_channel(channel)?;
        self.check(message)?;
        let Some(queue) = self.0.queue(channel)? else {
            self.0.counting.unknown.add(1);
            return Ok(());
        };
        if queue.push(message, Instant::now()).is_err() {
            self.0.counting.send_full.add(1);
            return Err(SendError::Full);
        }
        self.0.counting.sent.add(1);
        Ok(())
    }

    async fn group_add(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        check_channel(channel)?;
        let mut state = self.0.write();
        if state.closed {
            return Err(LayerError::Closed);
        }
        if channel.contains('!') && !state.channels.contains_key(channel) {
            return Err(LayerError::NotHere);
        }
        let groups_max = self.0.settings.groups_max;
        let address = state.address(channel, &self.0).ok_or(LayerError::Limit("channels_max"))?;
        if address.groups.contains(group) {
            return Ok(());
        }
        if address.groups.len() >= groups_max {
            return Err(LayerError::Limit("groups_max"));
        }
        let group = Arc::<str>::from(group);
        address.groups.insert(Arc::clone(&group));
        let queue = Arc::clone(&address.queue);
        state.groups.entry(group).or_default().insert(Arc::from(channel), queue);
        state.memberships += 1;
        Ok(())
    }

    async fn group_discard(&self, group: &str, channel: &str) -> Result<(), LayerError> {
        check_group(group)?;
        check_channel(channel)?;
        let mut state = self.0.write();
        let known = state.channels.get_mut(channel);
        if known.is_some_and(|address| address.groups.remove(group)) {
            state.leave(group, channel);
        }
        Ok(())
    }

    async fn group_send(&self, group: &str, message: &Message) -> Result<Reach, SendError> {
        check_group(group)?;
        self.check(message)?;
        let (state, now, mut reach) = (self.0.read(), Instant::now(), Reach::default());
        for queue in state.groups.get(group).into_iter().flat_map(HashMap::values) {
            match queue.push_or_miss(message, now) {
                Ok(()) => reach.reached += 1,
                Err(_) => reach.full += 1,
            }
        }
        self.0.counting.group_sent.add(1);
        self.0.counting.group_full.add(reach.full);
        Ok(reach)
    }

    async fn flush(&self) -> Result<(), LayerError> {
        let mut state = self.0.write();
        if state.closed {
            return Err(LayerError::Closed);
        }
        state.groups.clear();
        state.memberships = 0;
        for address in state.channels.values_mut() {
            address.groups.clear();
            while address.queue.try_receive().is_some_and(|received| !received.is_closed()) {}
        }
        state.channels.retain(|_, address| address.receivers > 0);
        Ok(())
    }

    fn statistics(&self) -> Statistics {
        let state = self.0.read();
        self.0.counting.read(state.channels.len(), state.memberships)
    }

    async fn close(&self) {
        let mut state = self.0.write();
        state.closed = true;
        state.groups.clear();
        state.memberships = 0;
        for (_, address) in state.channels.drain() {
            address.queue.close();
        }
    }
}

impl State {
    /// Returns the address of that name, a new one if there is room; none if not.
    fn address(&mut self, name: &str, shared: &Shared) -> Option<&mut Address> {
        if !self.channels.contains_key(name) {
            if self.channels.len() >= shared.settings.channels_max {
                self.forget_unread(Instant::now());
            }
            if self.channels.len() >= shared.settings.channels_max {
                return None;
            }
            let settings = &shared.settings;
            let capacity = settings.capacity.of(name);
            let queue = Queue::new(capacity, settings.expiry, &shared.counting);
            let address = Address { queue, groups: HashSet::new(), receivers: 0 };
            self.channels.insert(Arc::from(name), address);
        }
        self.channels.get_mut(name)
    }

    /// Forgets general channels that nobody reads and in which everything has expired.
    fn forget_unread(&mut self, now: Instant) {
        self.channels.retain(|_, address| {
            address.receivers > 0 || !address.groups.is_empty() || !address.queue.is_empty(now)
        });
    }

    fn leave(&mut self, group: &str, channel: &str) {
        let Some(members) = self.groups.get_mut(group) else { return };
        if members.remove(channel).is_some() {
            self.memberships -= 1;
        }
        if members.is_empty() {
            self.groups.remove(group);
        }
    }
}

impl Shared {
    /// Returns the queue of a channel; none if it is a specific one that is not there.
    fn queue(&self, channel: &str) -> Result<Option<Arc<Queue>>, SendError> {
        let known = |state: &State| Some(Arc::clone(&state.channels.get(channel)?.queue));
        if let Some(queue) = known(&self.read()) {
            return Ok(Some(queue));
        }
        if channel.contains('!') {
            return Ok(None);
        }
        // There are as many names as there may be, and this is one more.
        let mut state = self.write();
        let address = state.address(channel, self).ok_or(SendError::Full)?;
        Ok(Some(Arc::clone(&address.queue)))
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home for Shared {
    fn dropped(&self, name: &Arc<str>, _queue: &Arc<Queue>) {
        let mut state = self.write();
        let Some(address) = state.channels.get_mut(name) else { return };
        address.receivers -= 1;
        // A general channel may be listened to again.
        if address.receivers > 0 || !name.contains('!') {
            return;
        }
        let groups = std::mem::take(&mut address.groups);
        state.channels.remove(name);
        for group in groups {
            state.leave(&group, name);
        }
    }
}
