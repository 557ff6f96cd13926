//! Memberships that are to be taken back, when that can be done.

use super::Failure;
use super::members::{Host, accept, by_group, remove_from};
use super::shared::Shared;
use crate::redis::registry::Membership;
use std::sync::PoisonError;

/// How many memberships are taken back at once.
const BATCH: usize = 256;

/// Memberships that are to be taken back later, unless that was done.
pub(super) struct Leaving<'a> {
    pub(super) shared: &'a Shared,
    pub(super) memberships: Vec<Membership>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        leave_later(self.shared, std::mem::take(&mut self.memberships));
    }
}

/// Takes note of memberships that are to be taken back.
pub(super) fn leave_later(shared: &Shared, memberships: Vec<Membership>) {
    for membership in memberships {
        let host = &shared.members.0[shared.hosts.of(&membership.group)];
        let mut leaving = host.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        if leaving.len() < shared.settings.common.channels_max {
            leaving.push(membership);
            host.left.notify_one();
        } else {
            shared.counting.leaves_given_up.add(1);
        }
    }
}

/// Takes memberships back at once, as far as their hosts can be reached.
pub(super) async fn leave_all(shared: &Shared, memberships: Vec<Membership>) {
    leave_later(shared, memberships);
    for host in 0..shared.hosts.count() {
        if shared.hosts.connections(host).is_ok() {
            let _ = leave_noted(shared, host).await;
        }
    }
}

/// Takes back those of the noted memberships that have not been made again.
pub(super) async fn leave_noted(shared: &Shared, host: usize) -> Result<(), Failure> {
    loop {
        let _order = shared.members.0[host].order.write().await;
        let memberships = next_leaving(&shared.members.0[host]);
        if memberships.is_empty() {
            return Ok(());
        }
        let mut leaving = Leaving { shared, memberships };
        let noted = leaving.memberships.iter();
        let unwanted = noted.filter(|membership| !shared.registry.is_member(membership));
        let mut pipeline = redis::pipe();
        for (group, channels) in by_group(unwanted) {
            remove_from(&mut pipeline, shared, group, &channels);
        }
        if !pipeline.is_empty() {
            pipeline.ignore_errors();
            let answers = shared.hosts.ask(host, &pipeline).await?;
            accept(answers).map_err(|error| Failure::Unavailable(error.to_string()))?;
        }
        leaving.memberships.clear();
    }
}

fn next_leaving(host: &Host) -> Vec<Membership> {
    let mut leaving = host.leaving.lock().unwrap_or_else(PoisonError::into_inner);
    let left = leaving.len().saturating_sub(BATCH);
    leaving.split_off(left)
}
