//! Puts entries into inboxes, each by one script on the inbox' own host.

use super::Failure;
use super::keys::{expired, seconds};
use super::shared::Shared;
use crate::codec::{Address, Fields};
use crate::names::{check_channel, non_local};
use crate::{Message, Reach, SendError};
use futures_util::future::join_all;
use indexmap::IndexMap;
use redis::{Cmd, RedisResult, cmd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Takes what has expired out of an inbox, and puts an entry in if there is room; returns whether
/// there was. With one key, it may also run on a cluster.
const PUT: &str = "redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1";

/// How many inboxes are put into, at once.
const BATCH: usize = 256;

/// What sends share.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// The host whose turn it is for a general channel.
    turn: AtomicUsize,
    score: Mutex<f64>,
}

impl Sending {
    /// Returns the time as a score; each is greater than the one before, also when clocks stand.
    fn score(&self, now: SystemTime) -> f64 {
        let mut latest = self.score.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = seconds(now).max(latest.next_up());
        *latest
    }
}

/// The members of a group that are in one inbox.
struct Inbox<'a> {
    non_local: &'a str,
    names: Vec<&'a str>,
}

/// Sends to one channel.
pub(super) async fn send(
    shared: &Shared,
    channel: &str,
    message: &Message,
) -> Result<(), SendError> {
    let fields = shared.codec.write(message)?;
    let inbox = non_local(channel);
    let (host, address) = if channel.contains('!') {
        (shared.hosts.of(inbox), Address::Channel(channel))
    } else {
        (next_host(shared), Address::None)
    };
    let mut pipeline = redis::pipe();
    pipeline.add_command(put(shared, inbox, channel, &fields, address));
    let (stored,): (bool,) = shared.hosts.ask(host, &pipeline).await?;
    if stored { Ok(()) } else { Err(SendError::Full) }
}

/// Returns the next host in turn, of those that are connected if any is.
fn next_host(shared: &Shared) -> usize {
    let hosts = shared.hosts.count();
    let turn = shared.sending.turn.fetch_add(1, Ordering::Relaxed);
    let mut order = (0..hosts).map(|more| (turn.wrapping_add(more)) % hosts);
    order.find(|&host| shared.hosts.connections(host).is_ok()).unwrap_or(turn % hosts)
}

/// Sends to the members of a group.
pub(super) async fn group_send(
    shared: &Shared,
    group: &str,
    message: &Message,
) -> Result<Reach, SendError> {
    let fields = shared.codec.write(message)?;
    let members = members(shared, group).await?;
    let mut inboxes = IndexMap::<&str, Inbox<'_>>::new();
    for name in members.iter().filter(|name| check_channel(name).is_ok()) {
        let non_local = non_local(name);
        let inbox = inboxes.entry(non_local).or_insert(Inbox { non_local, names: Vec::new() });
        inbox.names.push(name);
    }
    let mut hosts = vec![Vec::new(); shared.hosts.count()];
    for inbox in inboxes.values() {
        hosts[shared.hosts.of(inbox.non_local)].push(inbox);
    }
    let hosts = hosts.iter().enumerate();
    let sends = hosts.map(|(host, inboxes)| put_all(shared, host, inboxes, &fields));
    let mut reach = Reach::default();
    let mut failure = None;
    for (part, failed) in join_all(sends).await {
        reach.reached += part.reached;
        reach.full += part.full;
        reach.unreachable += part.unreachable;
        failure = failure.or(failed);
    }
    match failure {
        Some(failure) if reach.reached + reach.full == 0 => Err(failure.into()),
        _ => Ok(reach),
    }
}

/// Returns the names of a group's members, of which anybody may have written any.
async fn members(shared: &Shared, group: &str) -> Result<Vec<String>, Failure> {
    let key = shared.keys.group(group);
    let expired = expired(SystemTime::now(), shared.settings.group_expiry);
    let mut pipeline = redis::pipe();
    pipeline.cmd("ZREMRANGEBYSCORE").arg(&key).arg(0).arg(expired).ignore();
    pipeline.cmd("ZRANGE").arg(&key).arg(0).arg(-1);
    let (members,): (Vec<Vec<u8>>,) = shared.hosts.ask(shared.hosts.of(group), &pipeline).await?;
    Ok(members.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect())
}

/// Puts an entry into each of a host's inboxes.
async fn put_all(
    shared: &Shared,
    host: usize,
    inboxes: &[&Inbox<'_>],
    fields: &Fields,
) -> (Reach, Option<Failure>) {
    let (mut reach, mut failure) = (Reach::default(), None);
    for batch in inboxes.chunks(BATCH) {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for inbox in batch {
            // The first member decides for its inbox how much it may hold.
            let address = Address::Members(&inbox.names);
            pipeline.add_command(put(shared, inbox.non_local, inbox.names[0], fields, address));
        }
        let answers = shared.hosts.ask::<Vec<RedisResult<bool>>>(host, &pipeline).await;
        let answers = answers.unwrap_or_else(|why| {
            failure.get_or_insert(why);
            Vec::new()
        });
        for (index, inbox) in batch.iter().enumerate() {
            let members = inbox.names.len() as u64;
            match answers.get(index) {
                Some(Ok(true)) => reach.reached += members,
                Some(Ok(false)) => reach.full += members,
                Some(Err(error)) => {
                    failure.get_or_insert_with(|| Failure::Unavailable(error.to_string()));
                    reach.unreachable += members;
                }
                None => reach.unreachable += members,
            }
        }
    }
    (reach, failure)
}

/// Makes the command that puts an entry into an inbox, with what the channel's name permits.
fn put(
    shared: &Shared,
    non_local: &str,
    channel: &str,
    fields: &Fields,
    address: Address<'_>,
) -> Cmd {
    let (now, common) = (SystemTime::now(), &shared.settings.common);
    let mut command = cmd("EVAL");
    command.arg(PUT).arg(1).arg(shared.keys.inbox(non_local));
    command.arg(expired(now, common.expiry)).arg(common.capacity.of(channel));
    command.arg(shared.sending.score(now)).arg(shared.codec.entry(fields, address, now));
    command.arg(common.expiry.as_secs().max(1));
    command
}
