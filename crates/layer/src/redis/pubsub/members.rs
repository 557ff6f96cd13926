//! The channels of this process, and in which groups they are: nobody else knows.

use crate::queue::Queue;
use crate::{LayerError, Message, MissedReason};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

/// The channels of this process, by the names that Redis knows.
#[derive(Debug, Default)]
pub(super) struct Members {
    channels: HashMap<Arc<str>, Address>,
    groups: HashMap<Arc<str>, HashMap<Arc<str>, Arc<Queue>>>,
    memberships: usize,
    /// Hosts that were lost, which the channels are still to be told.
    untold: HashSet<usize>,
    is_closed: bool,
}

/// A channel that can be sent to.
#[derive(Debug)]
struct Address {
    queue: Arc<Queue>,
    groups: HashSet<Arc<str>>,
    /// How many receive here; several may listen to a general channel.
    receivers: usize,
}

impl Members {
    /// Adds a channel, or one more who receives from it.
    pub(super) fn open(
        &mut self,
        name: &Arc<str>,
        channels_max: usize,
        queue: impl FnOnce() -> Arc<Queue>,
    ) -> Result<Arc<Queue>, LayerError> {
        if self.is_closed {
            return Err(LayerError::Closed);
        }
        if !self.channels.contains_key(name) && self.channels.len() >= channels_max {
            return Err(LayerError::Limit("channels_max"));
        }
        let address = self.channels.entry(Arc::clone(name)).or_insert_with(|| Address {
            queue: queue(),
            groups: HashSet::new(),
            receivers: 0,
        });
        address.receivers += 1;
        Ok(Arc::clone(&address.queue))
    }

    /// Takes away one who receives; returns the names that may be wanted no more.
    pub(super) fn release(&mut self, name: &Arc<str>) -> Vec<Arc<str>> {
        let Some(address) = self.channels.get_mut(name) else { return Vec::new() };
        address.receivers -= 1;
        if address.receivers > 0 {
            return Vec::new();
        }
        let groups = std::mem::take(&mut address.groups);
        self.channels.remove(name);
        let mut left: Vec<_> = groups.into_iter().filter(|group| self.leave(group, name)).collect();
        left.push(Arc::clone(name));
        left
    }

    /// Makes a channel a member; returns whether it was none before.
    pub(super) fn join(
        &mut self,
        group: &Arc<str>,
        channel: &str,
        groups_max: usize,
    ) -> Result<bool, LayerError> {
        if self.is_closed {
            return Err(LayerError::Closed);
        }
        let (channel, queue) = {
            let (name, _) = self.channels.get_key_value(channel).ok_or(LayerError::NotHere)?;
            let name = Arc::clone(name);
            let address = self.channels.get_mut(channel).ok_or(LayerError::NotHere)?;
            if address.groups.contains(group) {
                return Ok(false);
            }
            if address.groups.len() >= groups_max {
                return Err(LayerError::Limit("groups_max"));
            }
            address.groups.insert(Arc::clone(group));
            (name, Arc::clone(&address.queue))
        };
        self.groups.entry(Arc::clone(group)).or_default().insert(channel, queue);
        self.memberships += 1;
        Ok(true)
    }

    /// Ends a membership; returns whether the group has no member here any more.
    pub(super) fn part(&mut self, group: &str, channel: &str) -> bool {
        let address = self.channels.get_mut(channel);
        address.is_some_and(|address| address.groups.remove(group)) && self.leave(group, channel)
    }

    fn leave(&mut self, group: &str, channel: &str) -> bool {
        let Some(members) = self.groups.get_mut(group) else { return false };
        if members.remove(channel).is_some() {
            self.memberships -= 1;
        }
        let is_empty = members.is_empty();
        if is_empty {
            self.groups.remove(group);
        }
        is_empty
    }

    /// Says whether somebody here listens to a name of Redis.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.channels.contains_key(name) || self.groups.contains_key(name)
    }

    /// Returns all names that somebody here listens to.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Arc<str>> {
        self.channels.keys().chain(self.groups.keys())
    }

    /// Returns those who listen to a name.
    pub(super) fn listeners(&self, name: &str) -> impl Iterator<Item = &Arc<Queue>> {
        let channel = self.channels.get(name).map(|address| &address.queue);
        channel.into_iter().chain(self.groups.get(name).into_iter().flat_map(HashMap::values))
    }

    /// Takes note that a host is lost: from here on nothing that comes from it is delivered until the
    /// channels are told, so that they hear the word before what comes after the gap.
    pub(super) fn lose(&mut self, host: usize) {
        self.untold.insert(host);
    }

    /// Tells the channels that hear something by a name like that of an outage of their host, which
    /// lasts until this moment.
    pub(super) fn tell(
        &mut self,
        host: usize,
        is_concerned: impl Fn(&str) -> bool,
        from: SystemTime,
    ) {
        let outage = MissedReason::Outage { from, until: SystemTime::now() };
        self.concerned(is_concerned).for_each(|queue| queue.miss(outage.clone()));
        self.untold.remove(&host);
    }

    /// Says whether the channels are still to be told that a host was lost.
    pub(super) fn are_to_be_told_of(&self, host: usize) -> bool {
        self.untold.contains(&host)
    }

    /// Hands a message to those who listen to a name.
    pub(super) fn deliver(&self, name: &str, message: &Message, now: Instant) {
        for queue in self.listeners(name) {
            // What a full one misses is noted there.
            let _ = queue.push_or_miss(message, now);
        }
    }

    /// Returns the channels that hear something by a name like that.
    fn concerned(&self, is_concerned: impl Fn(&str) -> bool) -> impl Iterator<Item = &Arc<Queue>> {
        let concerned = move |(name, address): &(&Arc<str>, &Address)| {
            is_concerned(name) || address.groups.iter().any(|group| is_concerned(group))
        };
        self.channels.iter().filter(concerned).map(|(_, address)| &address.queue)
    }

    /// Forgets all groups and what waits; returns the names that are wanted no more.
    pub(super) fn flush(&mut self) -> Vec<Arc<str>> {
        self.memberships = 0;
        for address in self.channels.values_mut() {
            address.groups.clear();
            while address.queue.try_receive().is_some_and(|received| !received.is_closed()) {}
        }
        self.groups.drain().map(|(name, _)| name).collect()
    }

    /// Ends all channels, and lets none be made any more; returns the names that are wanted no
    /// more.
    pub(super) fn close(&mut self) -> Vec<Arc<str>> {
        self.is_closed = true;
        self.memberships = 0;
        let groups = self.groups.drain().map(|(name, _)| name);
        let channels = self.channels.drain().map(|(name, address)| {
            address.queue.close();
            name
        });
        groups.chain(channels).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Returns how many channels and memberships there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.channels.len(), self.memberships)
    }
}
