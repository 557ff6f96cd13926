//! Redis Streams: one stream for everything, so that a node which was cut off goes on where it was.
//!
//! An entry has the field `body`, and `to` with the value `nodes` if it is a message between nodes.
//! A node remembers the entry that it heard last. As long as that one is still in the stream,
//! nothing behind it was trimmed.

mod reply;

use super::{connect, explain, publish_error};
use crate::envelope::read_probe;
use crate::event::Taken;
use crate::link::{Connected, Connector, Ears, Link};
use crate::names::Names;
use crate::{PublishError, Settings, StreamSettings, To};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, PushKind, RedisResult, Value, cmd};
use reply::{Entry, EntryId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// How many entries are asked for at once; each may be as long as a message can be.
const COUNT: usize = 32;

/// How long Redis waits for an entry before it answers that there is none, in milliseconds.
const BLOCK_MS: usize = 5000;

/// How long a node's own stream is kept after its last probe, in milliseconds.
const NODE_KEPT_MS: usize = 60_000;

/// Makes connections to Redis, and knows where the last one ended.
pub(crate) struct StreamsConnector {
    settings: Settings,
    stream: String,
    entries_max: usize,
    position: Position,
    /// Which run of the server the position is of.
    run: Option<String>,
}

/// The entry that was heard last.
type Position = Arc<Mutex<Option<EntryId>>>;

/// A connection to Redis. Reading blocks, so that it has a socket of its own.
struct Streams {
    mouth: MultiplexedConnection,
    stream: String,
    node: String,
    entries_max: usize,
    held_back: Arc<AtomicBool>,
    reading: JoinHandle<()>,
}

impl StreamsConnector {
    pub(crate) fn new(settings: &Settings, streams: &StreamSettings) -> StreamsConnector {
        let stream = format!("{}:stream", settings.exchange);
        let (settings, entries_max) = (settings.clone(), streams.entries_max.max(1));
        StreamsConnector { settings, stream, entries_max, position: Position::default(), run: None }
    }

    async fn try_to_connect(&mut self, ears: Ears) -> Result<Connected, String> {
        let mut mouth = self.socket(&ears).await?;
        let ear = self.socket(&ears).await?;
        let found = self.find_position(&mut mouth).await.map_err(|error| explain(&error))?;
        let node = Names::new(&self.settings, ':').node;
        let held_back = Arc::new(AtomicBool::new(false));
        let reader = Reader {
            ear,
            stream: self.stream.clone(),
            node: node.clone(),
            position: Arc::clone(&self.position),
            // A position that was trimmed cannot be found again; the entry read next can.
            checks: found,
            held_back: Arc::clone(&held_back),
            ears,
        };
        let reading = tokio::spawn(reader.run());
        let (stream, entries_max) = (self.stream.clone(), self.entries_max);
        let link = Streams { mouth, stream, node, entries_max, held_back, reading };
        Ok(Connected { link: Arc::new(link), unbroken: found })
    }

    async fn socket(&self, ears: &Ears) -> Result<MultiplexedConnection, String> {
        let ears = ears.clone();
        let hear = move |push: redis::PushInfo| {
            if push.kind == PushKind::Disconnection {
                ears.broken("Redis ended the connection");
            }
        };
        connect(&self.settings, hear).await
    }

    /// Finds where to go on; returns whether that is exactly where the last connection ended.
    async fn find_position(&mut self, mouth: &mut MultiplexedConnection) -> RedisResult<bool> {
        let (run, durable) = run(mouth).await;
        let same_run = run.is_some() && run == self.run;
        self.run = run;
        let position = *lock(&self.position);
        if let Some(position) = position {
            let found = range(&self.stream, position).query_async::<Value>(mouth).await?;
            if reply::has_entries(&found) && (same_run || durable) {
                return Ok(true);
            }
        }
        // An entry of our own: the place to begin at, or what is read first after a loss.
        let hello = add(&self.stream, self.entries_max, "hello", b"");
        let hello: EntryId = reply::id(&hello.query_async::<Value>(mouth).await?)?;
        if position.is_none_or(|position| position >= hello) {
            *lock(&self.position) = Some(hello);
        }
        // At first there is nothing that could be missing from before.
        Ok(position.is_none())
    }
}

impl Connector for StreamsConnector {
    fn connect<'a>(&'a mut self, ears: Ears) -> BoxFuture<'a, Result<Connected, String>> {
        self.try_to_connect(ears).boxed()
    }

    fn listens_by_room(&self) -> bool {
        false
    }
}

/// Returns which run of the server this is, and whether it keeps what it confirmed over a restart.
async fn run(mouth: &mut MultiplexedConnection) -> (Option<String>, bool) {
    // Who is not permitted to ask must take every server for a new one.
    let info = cmd("INFO").query_async::<String>(mouth).await.unwrap_or_default();
    let value = |key: &str| {
        info.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
    };
    (value("run_id").map(str::to_owned), value("aof_enabled") == Some("1"))
}

fn range(stream: &str, position: EntryId) -> Cmd {
    let position = position.to_string();
    let mut range = cmd("XRANGE");
    range.arg(stream).arg(&position).arg(&position);
    range
}

fn add(stream: &str, entries_max: usize, to: &str, body: &[u8]) -> Cmd {
    let mut add = cmd("XADD");
    add.arg(stream).arg("MAXLEN").arg("~").arg(entries_max).arg("*");
    add.arg("to").arg(to).arg("body").arg(body);
    add
}

/// Reads the stream, and this node's own one with its probes.
struct Reader {
    ear: MultiplexedConnection,
    stream: String,
    node: String,
    position: Position,
    checks: bool,
    held_back: Arc<AtomicBool>,
    ears: Ears,
}

impl Reader {
    async fn run(mut self) {
        let mut own = EntryId::default();
        loop {
            if let Err(why) = self.read(&mut own).await {
                return self.ears.broken(why);
            }
        }
    }

    async fn read(&mut self, own: &mut EntryId) -> Result<(), String> {
        let position = lock(&self.position).unwrap_or_default();
        let mut pipeline = redis::pipe();
        pipeline.cmd("XREAD").arg("COUNT").arg(COUNT).arg("BLOCK").arg(BLOCK_MS).arg("STREAMS");
        pipeline.arg(&self.stream).arg(&self.node).arg(position.to_string()).arg(own.to_string());
        // Asked for afterwards: if it is still there now, nothing behind it was trimmed before.
        pipeline.add_command(range(&self.stream, position));
        let answers = pipeline.query_async::<(Value, Value)>(&mut self.ear).await;
        let (read, before) = answers.map_err(|error| explain(&error))?;
        if self.checks && !reply::has_entries(&before) {
            return Err(String::from(
                "what this node should have heard next was trimmed from the stream: it is behind \
                 by more than [broker] stream_entries_max",
            ));
        }
        for (key, entries) in reply::streams(read) {
            for entry in entries {
                if key == self.node.as_bytes() {
                    *own = entry.id;
                    self.ears.probe(read_probe(&entry.body));
                } else {
                    self.hear(entry).await?;
                }
            }
        }
        Ok(())
    }

    async fn hear(&mut self, entry: Entry) -> Result<(), String> {
        self.held_back.store(true, Ordering::Relaxed);
        self.ears.arrivals.wait_for_room().await;
        self.held_back.store(false, Ordering::Relaxed);
        let heard = match &entry.to[..] {
            b"hello" => Ok(()),
            b"nodes" => self.ears.arrivals.control(entry.body),
            _ => self.ears.arrivals.publication(entry.body, Taken::default()),
        };
        heard.map_err(|_| String::from("the loops are too far behind (backlog_bytes_max)"))?;
        *lock(&self.position) = Some(entry.id);
        self.checks = true;
        Ok(())
    }
}

impl Link for Streams {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        let to = if to == To::Nodes { "nodes" } else { "rooms" };
        async move {
            let add = add(&self.stream, self.entries_max, to, &body);
            let added = add.query_async::<Value>(&mut self.mouth.clone()).await;
            added.map(drop).map_err(|error| publish_error(&error))
        }
        .boxed()
    }

    fn probe(&self, number: u64) -> BoxFuture<'_, Result<(), PublishError>> {
        async move {
            let mut pipeline = redis::pipe();
            pipeline.add_command(add(&self.node, 1, "node", number.to_string().as_bytes()));
            pipeline.cmd("PEXPIRE").arg(&self.node).arg(NODE_KEPT_MS);
            let added = pipeline.query_async::<(Value, Value)>(&mut self.mouth.clone()).await;
            added.map(drop).map_err(|error| publish_error(&error))
        }
        .boxed()
    }

    fn listen<'a>(&'a self, _topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }

    fn unlisten<'a>(&'a self, _topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }

    fn is_held_back(&self) -> bool {
        self.held_back.load(Ordering::Relaxed)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn lock(position: &Position) -> MutexGuard<'_, Option<EntryId>> {
    position.lock().unwrap_or_else(PoisonError::into_inner)
}
