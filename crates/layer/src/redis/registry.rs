//! The channels of this process, and the groups they are in.

use crate::queue::Queue;
use crate::{LayerError, MissedReason};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The channels of this process, and the groups they are in.
#[derive(Debug)]
pub(super) struct Registry {
    channels_max: usize,
    groups_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    channels: HashMap<Arc<str>, Local>,
    memberships: usize,
    closed: bool,
}

#[derive(Debug)]
struct Local {
    queue: Arc<Queue>,
    groups: HashSet<Arc<str>>,
}

/// A channel in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) group: Arc<str>,
    pub(super) channel: Arc<str>,
}

/// What became of a wish to be in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// It is noted.
    New,
    /// It was noted before.
    Already,
    /// The channel is not one of this process.
    NotHere,
}

impl Registry {
    pub(super) fn new(settings: &crate::Settings) -> Registry {
        let (channels_max, groups_max) = (settings.channels_max, settings.groups_max);
        Registry { channels_max, groups_max, state: Mutex::default() }
    }

    /// Takes a channel in.
    pub(super) fn add(&self, name: Arc<str>, queue: Arc<Queue>) -> Result<(), LayerError> {
        let mut state = self.lock();
        if state.closed {
            return Err(LayerError::Closed);
        }
        if state.channels.len() >= self.channels_max {
            return Err(LayerError::Limit("channels_max"));
        }
        state.channels.insert(name, Local { queue, groups: HashSet::new() });
        Ok(())
    }

    /// Takes a channel out; returns where it was a member.
    pub(super) fn remove(&self, channel: &Arc<str>) -> Vec<Membership> {
        let mut state = self.lock();
        let Some(local) = state.channels.remove(channel) else { return Vec::new() };
        state.memberships -= local.groups.len();
        let groups = local.groups.into_iter();
        groups.map(|group| Membership { group, channel: Arc::clone(channel) }).collect()
    }

    /// Notes that a channel is to be in a group.
    pub(super) fn join(&self, group: &str, channel: &str) -> Result<Joined, LayerError> {
        let mut state = self.lock();
        if state.closed {
            return Err(LayerError::Closed);
        }
        let Some(local) = state.channels.get_mut(channel) else { return Ok(Joined::NotHere) };
        if local.groups.contains(group) {
            return Ok(Joined::Already);
        }
        if local.groups.len() >= self.groups_max {
            return Err(LayerError::Limit("groups_max"));
        }
        local.groups.insert(Arc::from(group));
        state.memberships += 1;
        Ok(Joined::New)
    }

    /// Notes that a channel is to be in a group no more; says whether it was.
    pub(super) fn leave(&self, group: &str, channel: &str) -> bool {
        let mut state = self.lock();
        let local = state.channels.get_mut(channel);
        let left = local.is_some_and(|local| local.groups.remove(group));
        state.memberships -= usize::from(left);
        left
    }

    /// Says whether a channel is to be in a group.
    pub(super) fn is_member(&self, membership: &Membership) -> bool {
        let state = self.lock();
        let local = state.channels.get(&membership.channel);
        local.is_some_and(|local| local.groups.contains(&membership.group))
    }

    /// Returns all memberships in groups of which this is true.
    pub(super) fn memberships(&self, wanted: impl Fn(&str) -> bool) -> Vec<Membership> {
        let state = self.lock();
        let channels = state.channels.iter();
        let all = channels.flat_map(|(channel, local)| {
            local.groups.iter().filter(|group| wanted(group)).map(|group| {
                let (group, channel) = (Arc::clone(group), Arc::clone(channel));
                Membership { group, channel }
            })
        });
        all.collect()
    }

    /// Forgets all memberships.
    pub(super) fn forget_memberships(&self) {
        let mut state = self.lock();
        state.memberships = 0;
        state.channels.values_mut().for_each(|local| local.groups.clear());
    }

    /// Returns the queues of these channels; none in the place of one that is not here.
    pub(super) fn queues<'a>(
        &self,
        channels: impl IntoIterator<Item = &'a str>,
    ) -> Vec<Option<Arc<Queue>>> {
        let state = self.lock();
        let queue = |channel| state.channels.get(channel).map(|local| Arc::clone(&local.queue));
        channels.into_iter().map(queue).collect()
    }

    /// Tells all channels that something is or may be missing.
    pub(super) fn tell_all(&self, missed: &MissedReason) {
        let state = self.lock();
        state.channels.values().for_each(|local| local.queue.miss(missed.clone()));
    }

    /// Takes all channels out, and no more in; returns where they were members.
    pub(super) fn close(&self) -> Vec<Membership> {
        let memberships = self.memberships(|_| true);
        let mut state = self.lock();
        state.closed = true;
        state.memberships = 0;
        for (_, local) in state.channels.drain() {
            local.queue.close();
        }
        memberships
    }

    /// Says whether it was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Returns how many channels and memberships there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.channels.len(), state.memberships)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
