//! Reads the inboxes of this process on one host, everything at once, and hands it to the channels.

use super::shared::Shared;
use crate::codec::Undecodable;
use crate::redis::hosts::explain;
use crate::redis::reading::{TOO_LONG, bounded, undecodable};
use crate::{Message, MissedReason, Value};
use redis::aio::MultiplexedConnection;
use redis::cmd;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How long Redis waits for something to come, in seconds; then it says that it is still there.
const BLOCK_S: u64 = 1;

/// How many entries are taken out of an inbox at once.
const BATCH: usize = 256;

/// What a name in an entry's address may take.
const NAME_BYTES_MAX: usize = 128;

/// Reads until that fails; returns why.
///
/// It begins when a channel is received from for the first time: until then Redis keeps what comes,
/// by its capacity and expiry, and from then on the queues of the channels do.
/// It is the only one that takes from these inboxes here, so it needs none of Python's `$inflight`;
/// and no consumer can end it.
pub(super) async fn read(shared: &Shared, mut ear: MultiplexedConnection) -> String {
    let keys: Vec<String> = shared.inboxes.iter().map(|inbox| shared.keys.inbox(inbox)).collect();
    shared.demand.begun().await;
    loop {
        if let Err(why) = read_once(shared, &mut ear, &keys).await {
            return why;
        }
    }
}

/// Waits for an entry, and takes what else there is.
async fn read_once(
    shared: &Shared,
    ear: &mut MultiplexedConnection,
    keys: &[String],
) -> Result<(), String> {
    let within = shared.settings.silence + Duration::from_secs(BLOCK_S);
    let mut wait = cmd("BZPOPMIN");
    wait.arg(keys).arg(BLOCK_S);
    let popped = in_time(within, wait.query_async::<Option<Popped>>(ear)).await?;
    let Some((_, first, _)) = popped else { return Ok(()) };
    take(shared, &first);
    loop {
        let mut drain = redis::pipe();
        for key in keys {
            drain.cmd("ZPOPMIN").arg(key).arg(BATCH);
        }
        let inboxes: Vec<Vec<(Vec<u8>, f64)>> = in_time(within, drain.query_async(ear)).await?;
        for (entry, _) in inboxes.iter().flatten() {
            take(shared, entry);
        }
        if inboxes.iter().all(|entries| entries.len() < BATCH) {
            return Ok(());
        }
        // A flood must not keep the other tasks from taking what it brings.
        tokio::task::yield_now().await;
    }
}

/// A key, one of its members, and that one's score.
pub(super) type Popped = (Vec<u8>, Vec<u8>, f64);

async fn in_time<T>(
    within: Duration,
    answer: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, String> {
    match tokio::time::timeout(within, answer).await {
        Ok(answer) => answer.map_err(|error| explain(&error)),
        Err(_) => Err(format!("no answer within {within:?}: it is frozen or cut off")),
    }
}

/// Hands an entry to its channels.
fn take(shared: &Shared, entry: &[u8]) {
    match open(shared, entry) {
        Ok((message, names)) => {
            let now = Instant::now();
            let queues = shared.registry.queues(names.iter().filter_map(Value::as_text));
            for queue in queues {
                match queue {
                    // That it had no room is counted and told by the queue itself.
                    Some(queue) => drop(queue.push_or_miss(&message, now)),
                    None => shared.counting.unknown.add(1),
                }
            }
            if names.is_empty() {
                shared.counting.unknown.add(1);
            }
        }
        Err(why) => {
            undecodable(&shared.counting, why);
            shared.registry.tell_all(&MissedReason::Undecodable { count: 1 });
        }
    }
}

/// Reads an entry: the message, and the names of those for whom it is.
fn open(shared: &Shared, entry: &[u8]) -> Result<(Message, Vec<Value>), Undecodable> {
    let common = &shared.settings.common;
    let address_bytes_max = common.channels_max.saturating_mul(NAME_BYTES_MAX);
    if entry.len() > common.message_bytes_max.saturating_mul(2).saturating_add(address_bytes_max) {
        return Err(TOO_LONG);
    }
    let mut fields = shared.codec.read(entry, SystemTime::now())?;
    let names = match fields.shift_remove(Message::ADDRESS_KEY) {
        Some(Value::List(names)) => names,
        Some(name @ Value::Text(_)) => vec![name],
        _ => Vec::new(),
    };
    Ok((bounded(fields, common)?, names))
}
