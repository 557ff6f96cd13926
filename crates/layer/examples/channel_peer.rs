//! A channel layer as a process, for tests in any language.
//!
//! `channel_peer CONFIG_JSON`: a request a line on stdin, `{"id": n, "op": …}`; an answer a line on
//! stdout, in order, `{"id": n, "result": …}` or `{"id": n, "error": text}`. Bytes in messages are
//! `{"$bytes": hex}` both ways.

use campanile_layer::capacity::{Capacities, Glob};
use campanile_layer::redis::{Format, SecretKeys};
use campanile_layer::{
    Channel, Layer, Map, Message, Received, RedisLayer, RedisPubSubLayer, RedisSettings, SendError,
    Settings, Value,
};
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let config = std::env::args().nth(1).ok_or("usage: channel_peer CONFIG_JSON")?;
    let mut peer = Peer::start(serde_json::from_str(&config)?).await?;
    // Nothing else waits for this thread: the layer has others.
    for line in io::stdin().lock().lines() {
        let answer = peer.answer(&line?).await;
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    peer.close().await;
    Ok(())
}

/// What the process was started with. Other keys are ignored.
#[derive(Clone, Deserialize)]
struct Config {
    layer: String,
    hosts: Vec<String>,
    prefix: Option<String>,
    expiry: Option<u64>,
    group_expiry: Option<u64>,
    capacity: Option<usize>,
    #[serde(default)]
    channel_capacity: IndexMap<String, usize>,
    serializer_format: Option<String>,
    random_prefix_length: Option<usize>,
    #[serde(default)]
    symmetric_encryption_keys: Vec<String>,
}

#[derive(Deserialize)]
struct Request {
    id: Value,
    #[serde(flatten)]
    op: Map,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    NewChannel {
        #[serde(default)]
        idle: bool,
    },
    GroupAdd {
        group: String,
        channel: String,
    },
    GroupDiscard {
        group: String,
        channel: String,
    },
    GroupSend {
        group: String,
        message: Map,
    },
    Send {
        channel: String,
        message: Map,
    },
    Receive {
        channel: String,
        timeout_ms: u64,
    },
    Close,
}

/// A layer, and the channels that it was asked for.
struct Peer {
    config: Config,
    layer: Layer,
    channels: HashMap<String, Channel>,
    /// Those of which nothing is received for a while: each has a layer of its own, which leaves
    /// what comes in Redis until then.
    idle: HashMap<String, Layer>,
}

impl Peer {
    async fn start(config: Config) -> Outcome<Peer> {
        let layer = layer(&config).await?;
        Ok(Peer { config, layer, channels: HashMap::new(), idle: HashMap::new() })
    }

    async fn answer(&mut self, line: &str) -> String {
        let (id, result) = match serde_json::from_str::<Request>(line) {
            Ok(Request { id, op }) => match Message::from(op).read() {
                Ok(op) => (id, self.execute(op).await),
                Err(error) => (id, Err(error.into())),
            },
            Err(error) => (Value::Null, Err(error.into())),
        };
        let outcome = match result {
            Ok(result) => (String::from("result"), result),
            Err(error) => (String::from("error"), Value::from(error.to_string())),
        };
        let answer = Map::from_iter([(String::from("id"), id), outcome]);
        serde_json::to_string(&answer).expect("a map with text keys can be written")
    }

    async fn execute(&mut self, op: Op) -> Outcome<Value> {
        match op {
            Op::NewChannel { idle } => return self.new_channel(idle).await,
            Op::GroupAdd { group, channel } => {
                self.layer_of(&channel).group_add(&group, &channel).await?;
            }
            Op::GroupDiscard { group, channel } => {
                self.layer_of(&channel).group_discard(&group, &channel).await?;
            }
            Op::GroupSend { group, message } => {
                self.layer.group_send(&group, &from_json(message)?).await?;
            }
            Op::Send { channel, message } => {
                match self.layer.send(&channel, &from_json(message)?).await {
                    Err(SendError::Full) => return Err("channel_full".into()),
                    sent => sent?,
                }
            }
            Op::Receive { channel, timeout_ms } => {
                return self.receive(&channel, Duration::from_millis(timeout_ms)).await;
            }
            Op::Close => self.close().await,
        }
        Ok(Value::Null)
    }

    async fn new_channel(&mut self, idle: bool) -> Outcome<Value> {
        // The pub/sub layer leaves nothing in Redis.
        let is_own = idle && self.config.layer == "core";
        let own = if is_own { layer(&self.config).await? } else { Arc::clone(&self.layer) };
        let channel = own.new_channel().await?;
        let name = channel.name().to_owned();
        if is_own {
            self.idle.insert(name.clone(), own);
        }
        self.channels.insert(name.clone(), channel);
        Ok(Value::from(name))
    }

    fn layer_of(&self, channel: &str) -> &Layer {
        self.idle.get(channel).unwrap_or(&self.layer)
    }

    async fn receive(&mut self, channel: &str, timeout: Duration) -> Outcome<Value> {
        if !self.channels.contains_key(channel) {
            let listening = self.layer.listen(channel).await?;
            self.channels.insert(channel.to_owned(), listening);
        }
        let channel = self.channels.get_mut(channel).expect("it was just put there");
        let next = async {
            loop {
                match channel.receive().await {
                    Received::Message(message) => break Some(message),
                    Received::Missed(_) => {}
                    Received::Closed => break None,
                }
            }
        };
        let message = tokio::time::timeout(timeout, next).await.unwrap_or_default();
        Ok(message.map_or(Value::Null, |message| to_json(Value::Map(message.fields().clone()))))
    }

    async fn close(&mut self) {
        self.layer.close().await;
        for (_, layer) in self.idle.drain() {
            layer.close().await;
        }
    }
}

async fn layer(config: &Config) -> Outcome<Layer> {
    let mut settings = settings(config.clone())?;
    match config.layer.as_str() {
        "core" => Ok(Arc::new(RedisLayer::connect(settings).await?)),
        "pubsub" => {
            // Django's has none, and what does not apply is ignored.
            settings.common.expiry = Duration::from_secs(86_400);
            Ok(Arc::new(RedisPubSubLayer::connect(settings).await?))
        }
        other => Err(format!("there is no layer {other:?}").into()),
    }
}

fn settings(config: Config) -> Outcome<RedisSettings> {
    let default = RedisSettings::default();
    let seconds = |seconds: Option<u64>, default| seconds.map_or(default, Duration::from_secs);
    let globs = config.channel_capacity.into_iter();
    let capacity = Capacities {
        globs: globs.map(|(glob, capacity)| (Glob::new(&glob), capacity)).collect(),
        default: config.capacity.unwrap_or(default.common.capacity.default),
    };
    let serializer_format = match config.serializer_format.as_deref() {
        None | Some("msgpack") => Format::MessagePack,
        Some("json") => Format::Json,
        Some(other) => return Err(format!("there is no serializer_format {other:?}").into()),
    };
    let prefix_length = config.random_prefix_length.unwrap_or(default.random_prefix_length);
    Ok(RedisSettings {
        hosts: config.hosts.iter().map(|url| url.parse()).collect::<Result<_, _>>()?,
        prefix: config.prefix.unwrap_or(default.prefix),
        serializer_format,
        random_prefix_length: prefix_length,
        symmetric_encryption_keys: SecretKeys::new(config.symmetric_encryption_keys),
        group_expiry: seconds(config.group_expiry, default.group_expiry),
        // Who drives it may receive slowly, and sees no misses.
        queue_messages_max: 100_000,
        common: Settings {
            expiry: seconds(config.expiry, default.common.expiry),
            capacity,
            // Django's layers have no limit.
            message_bytes_max: 64 << 20,
            ..default.common
        },
        ..RedisSettings::default()
    })
}

/// Makes bytes of `{"$bytes": hex}`.
fn from_json(fields: Map) -> Outcome<Message> {
    let fields = fields.into_iter().map(|(key, value)| Ok((key, value_from_json(value)?)));
    Ok(Message::from(fields.collect::<Outcome<Map>>()?))
}

fn value_from_json(value: Value) -> Outcome<Value> {
    match value {
        Value::List(list) => {
            Ok(Value::List(list.into_iter().map(value_from_json).collect::<Outcome<_>>()?))
        }
        Value::Map(map) => match map.get("$bytes") {
            Some(Value::Text(hex)) if map.len() == 1 => Ok(Value::Bytes(from_hex(hex)?)),
            _ => Ok(Value::Map(from_json(map)?.fields().clone())),
        },
        other => Ok(other),
    }
}

fn from_hex(hex: &str) -> Outcome<Vec<u8>> {
    let starts = (0..hex.len()).step_by(2);
    let byte = |start| Ok(u8::from_str_radix(hex.get(start..start + 2).ok_or("half a byte")?, 16)?);
    starts.map(byte).collect()
}

/// Makes `{"$bytes": hex}` of bytes.
fn to_json(value: Value) -> Value {
    match value {
        Value::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Value::Map(Map::from_iter([(String::from("$bytes"), Value::Text(hex))]))
        }
        Value::List(list) => Value::List(list.into_iter().map(to_json).collect()),
        Value::Map(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, to_json(value))).collect())
        }
        other => other,
    }
}
