//! Who is in which group: written at once, renewed again and again, and taken back.

use super::keys::seconds;
use super::leaving::{Leaving, leave_later, leave_noted};
use super::shared::Shared;
use crate::LayerError;
use crate::redis::hosts::{Connections, explain, refusal};
use crate::redis::registry::{Joined, Membership};
use indexmap::IndexMap;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult, Value};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, RwLock};

/// How many memberships are written at once.
const BATCH: usize = 256;

/// How long a renewal waits at most. A Redis that was emptied is filled again by it.
const RENEWAL_AT_MOST: Duration = Duration::from_secs(600);

/// How the memberships of each host are written.
#[derive(Debug)]
pub(super) struct Members(pub(super) Vec<Host>);

#[derive(Debug, Default)]
pub(super) struct Host {
    /// Held by many who add or discard one, or by one who writes what many are to be: what stands
    /// in the registry then cannot be changed between the look at it and the writing.
    pub(super) order: RwLock<()>,
    pub(super) leaving: Mutex<Vec<Membership>>,
    pub(super) left: Notify,
}

impl Members {
    pub(super) fn new(hosts: usize) -> Members {
        Members((0..hosts).map(|_| Host::default()).collect())
    }
}

/// Adds a channel to a group.
pub(super) async fn add(shared: &Shared, group: &str, channel: &str) -> Result<(), LayerError> {
    let host = shared.hosts.of(group);
    // Nobody waits here for a host that is lost.
    shared.hosts.connections(host)?;
    let _order = shared.members.0[host].order.read().await;
    let joined = shared.registry.join(group, channel)?;
    if joined == Joined::NotHere && is_own(shared, channel) {
        return Err(LayerError::NotHere);
    }
    let mut added = Undo { shared, group, channel, undo: joined == Joined::New };
    let mut pipeline = redis::pipe();
    add_to(&mut pipeline, shared, group, &[channel]);
    let done = shared.hosts.ask::<()>(host, &pipeline).await;
    added.undo &= done.is_err();
    Ok(done?)
}

/// Says whether a channel, if it exists, is one of this process.
fn is_own(shared: &Shared, channel: &str) -> bool {
    shared.inboxes.iter().any(|inbox| channel.starts_with(inbox.as_str()))
}

/// Takes a membership back if the call that was to make it failed or was dropped.
struct Undo<'a> {
    shared: &'a Shared,
    group: &'a str,
    channel: &'a str,
    undo: bool,
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        let Undo { shared, group, channel, undo } = *self;
        let membership = Membership { group: group.into(), channel: channel.into() };
        // The channel may have been dropped while it was added.
        let gone = is_own(shared, channel) && !shared.registry.is_member(&membership);
        if undo {
            shared.registry.leave(group, channel);
        }
        if undo || gone {
            leave_later(shared, vec![membership]);
        }
    }
}

/// Takes a channel out of a group; later, if the host cannot be reached.
pub(super) async fn discard(shared: &Shared, group: &str, channel: &str) {
    let host = shared.hosts.of(group);
    shared.registry.leave(group, channel);
    let membership = Membership { group: group.into(), channel: channel.into() };
    let mut leaving = Leaving { shared, memberships: vec![membership] };
    if shared.hosts.connections(host).is_err() {
        return;
    }
    let _order = shared.members.0[host].order.read().await;
    let mut pipeline = redis::pipe();
    remove_from(&mut pipeline, shared, group, &[channel]);
    if shared.hosts.ask::<()>(host, &pipeline).await.is_ok() {
        leaving.memberships.clear();
    }
}

/// Adds all channels to their groups again.
pub(super) async fn join_again(
    shared: &Shared,
    host: usize,
    connections: &Connections,
) -> Result<(), String> {
    let mut mouth = connections.mouth.clone();
    let memberships = shared.registry.memberships(|group| shared.hosts.of(group) == host);
    for batch in memberships.chunks(BATCH) {
        renew(shared, host, batch, &mut mouth).await?;
    }
    Ok(())
}

/// Takes back what is noted, and renews what there is, until that fails; returns why.
pub(super) async fn keep(shared: &Shared, host: usize, mut mouth: MultiplexedConnection) -> String {
    let every = (shared.settings.group_expiry / 4).min(RENEWAL_AT_MOST);
    let mut renewal = tokio::time::interval(every.max(Duration::from_millis(100)));
    // Everything was just joined.
    renewal.reset();
    loop {
        let done = tokio::select! {
            _ = renewal.tick() => {
                let of_host = |group: &str| shared.hosts.of(group) == host;
                let memberships = shared.registry.memberships(of_host);
                let mut done = Ok(());
                for batch in memberships.chunks(BATCH) {
                    done = done.and(renew(shared, host, batch, &mut mouth).await);
                }
                done
            }
            () = shared.members.0[host].left.notified() => {
                leave_noted(shared, host).await.map_err(|failure| format!("{failure:?}"))
            }
        };
        if let Err(why) = done {
            return why;
        }
    }
}

/// Writes those of these memberships that still are to be.
async fn renew(
    shared: &Shared,
    host: usize,
    batch: &[Membership],
    mouth: &mut MultiplexedConnection,
) -> Result<(), String> {
    let _order = shared.members.0[host].order.write().await;
    let wanted = batch.iter().filter(|membership| shared.registry.is_member(membership));
    let mut pipeline = redis::pipe();
    for (group, channels) in by_group(wanted) {
        add_to(&mut pipeline, shared, group, &channels);
    }
    if pipeline.is_empty() {
        return Ok(());
    }
    pipeline.ignore_errors();
    let done = pipeline.query_async(mouth);
    match tokio::time::timeout(shared.settings.silence, done).await {
        Ok(done) => done.and_then(accept).map_err(|error| explain(&error)),
        Err(_) => Err(String::from("no answer while groups were joined")),
    }
}

/// Passes over groups whose key is somebody else's or forbidden: the others must not suffer for it.
pub(super) fn accept(answers: Vec<RedisResult<Value>>) -> RedisResult<()> {
    for error in answers.into_iter().filter_map(Result::err) {
        match refusal(&error).as_deref() {
            Some("WRONGTYPE" | "NOPERM") => {
                tracing::warn!(%error, "a group of the channel layer cannot be written");
            }
            _ => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn by_group<'a>(
    memberships: impl Iterator<Item = &'a Membership>,
) -> IndexMap<&'a str, Vec<&'a str>> {
    let mut groups = IndexMap::<&str, Vec<&str>>::new();
    for Membership { group, channel } in memberships {
        groups.entry(group).or_default().push(channel);
    }
    groups
}

fn add_to(pipeline: &mut Pipeline, shared: &Shared, group: &str, channels: &[&str]) {
    let (key, score) = (shared.keys.group(group), seconds(SystemTime::now()));
    let add = pipeline.cmd("ZADD").arg(&key);
    for channel in channels {
        add.arg(score).arg(channel);
    }
    let expiry = shared.settings.group_expiry.as_secs().max(1);
    pipeline.cmd("EXPIRE").arg(&key).arg(expiry);
}

pub(super) fn remove_from(
    pipeline: &mut Pipeline,
    shared: &Shared,
    group: &str,
    channels: &[&str],
) {
    pipeline.cmd("ZREM").arg(shared.keys.group(group)).arg(channels);
}
