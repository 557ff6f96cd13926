//! The calls of channels_redis that were recorded, done by this layer: Redis must look the same.

use super::RedisLayer;
use crate::capacity::{Capacities, Glob};
use crate::codec::Codec;
use crate::names::non_local;
use crate::redis::{Format, RedisSettings, ring};
use crate::vectors::{bytes, list, text, vectors};
use crate::{ChannelLayer, Message, Received, SendError, Value};
use campanile_broker::testing::Server;
use redis::aio::MultiplexedConnection;
use redis::{Client, cmd};
use serde_json::Value as Json;
use std::time::{Duration, SystemTime};

/// A layer on as many databases of one server as the recording had hosts.
struct Stage {
    layer: RedisLayer,
    settings: RedisSettings,
    codec: Codec,
    hosts: Vec<MultiplexedConnection>,
    /// Of all that Python's clock says, which stands; it is now.
    score: String,
    general_sent: usize,
}

impl Stage {
    async fn new(server: &Server, config: &Json) -> Stage {
        let number = |key: &str, default| config[key].as_u64().unwrap_or(default);
        let database = |host| format!("{}/{host}", server.url_text(server.port()));
        let databases: Vec<String> = (0..number("hosts", 1)).map(database).collect();
        let is_json = config["serializer_format"] == "json";
        let mut settings = RedisSettings {
            hosts: databases.iter().map(|url| url.parse().unwrap()).collect(),
            prefix: config["prefix"].as_str().unwrap_or("asgi").to_owned(),
            group_expiry: Duration::from_secs(number("group_expiry", 86_400)),
            random_prefix_length: number("random_prefix_length", 12) as usize,
            serializer_format: if is_json { Format::Json } else { Format::MessagePack },
            ..RedisSettings::default()
        };
        settings.common.expiry = Duration::from_secs(number("expiry", 60));
        let globs = config["channel_capacity"].as_object().into_iter().flatten();
        let glob = |(glob, capacity): (&String, &Json)| {
            (Glob::new(glob), capacity.as_u64().unwrap() as usize)
        };
        let default = number("capacity", 100) as usize;
        settings.common.capacity = Capacities { globs: globs.map(glob).collect(), default };
        let mut hosts = Vec::new();
        for url in &databases {
            let client = Client::open(url.as_str()).unwrap();
            let mut host = client.get_multiplexed_async_connection().await.unwrap();
            let () = cmd("FLUSHDB").query_async(&mut host).await.unwrap();
            hosts.push(host);
        }
        let codec = Codec::core(&settings);
        let layer = RedisLayer::connect(settings.clone()).await.unwrap();
        let score = super::keys::seconds(SystemTime::now()).to_string();
        Stage { layer, settings, codec, hosts, score, general_sent: 0 }
    }

    async fn play(&mut self, step: &Json) {
        let (call, commands) = (text(&step["call"]), list(&step["commands"]));
        if call.contains("new_channel") || commands.is_empty() {
            // What is refused sends nothing.
        } else if call.contains("group_add(") {
            self.group_add(commands).await;
        } else if call.contains("group_discard(") {
            let (group, member) = self.membership(&commands[0]);
            self.layer.group_discard(&group, &member).await.unwrap();
            assert!(!self.members(&commands[0]).await.contains(&member));
        } else if call.contains("group_send(") {
            self.group_send(commands).await;
        } else if call.contains("send(") {
            self.send(commands, step["raises"] == "ChannelFull").await;
        } else if call.contains("receive(") {
            self.forget_one(commands).await;
        } else if call.contains("flush(") {
            self.layer.flush().await.unwrap();
            for host in &mut self.hosts {
                let left: u64 = cmd("DBSIZE").query_async(host).await.unwrap();
                assert_eq!(left, 0);
            }
        } else {
            panic!("{call} is not known here");
        }
    }

    async fn group_add(&mut self, commands: &[Json]) {
        let (group, member) = self.membership(&commands[0]);
        self.layer.group_add(&group, &member).await.unwrap();
        assert!(self.members(&commands[0]).await.contains(&member));
        let (host, key) = place(&commands[0]);
        let expiry: u64 = text(&commands[1]["args"][1]).parse().unwrap();
        assert_eq!(self.ttl(host, &key).await, expiry);
        // Members of one time are in the order of their names.
        let mut add = cmd("ZADD");
        add.arg(&key).arg(&self.score).arg(&member);
        let () = add.query_async(&mut self.hosts[host]).await.unwrap();
    }

    async fn group_send(&mut self, commands: &[Json]) {
        let (_, key) = place(&commands[0]);
        let group = key.split_once(":group:").unwrap().1;
        let scripts = commands.iter().filter(|command| command["cmd"] == "EVAL");
        // What Python wrote: host, key, body, and whether there was room.
        let (mut expected, mut message) = (Vec::new(), Message::of_type("t"));
        for script in scripts {
            let host = script["host"].as_u64().unwrap() as usize;
            let (keys, args) = (list(&script["keys"]), list(&script["args"]));
            for (index, key) in keys.iter().enumerate() {
                let body = self.body(&args[index]);
                let capacity: usize = text(&args[keys.len() + index]).parse().unwrap();
                let before = self.entries(host, text(key)).await.len();
                message = self.message(&args[index]);
                expected.push((host, text(key).to_owned(), body, before, before < capacity));
            }
        }
        let reach = self.layer.group_send(group, &message).await.unwrap();
        assert_eq!(reach.full > 0, expected.iter().any(|(.., room)| !room));
        for (host, key, body, before, room) in expected {
            let entries = self.entries(host, &key).await;
            assert_eq!(entries.len(), before + usize::from(room), "{key}");
            assert_eq!(entries.contains(&body), room, "{key}");
            assert_eq!(self.ttl(host, &key).await, self.settings.common.expiry.as_secs());
        }
    }

    async fn send(&mut self, commands: &[Json], full: bool) {
        let (_, key) = place(&commands[0]);
        let inbox = key.strip_prefix(&self.settings.prefix).unwrap().to_owned();
        let Some(add) = commands.iter().find(|command| command["cmd"] == "ZADD") else {
            assert!(full);
            let channel = if inbox.contains('!') { inbox + "0" } else { inbox };
            let sent = self.layer.send(&channel, &Message::of_type("t")).await;
            return assert_eq!(sent, Err(SendError::Full));
        };
        let fields = self.codec.read(&entry(&add["args"][2]), SystemTime::now()).unwrap();
        let channel = fields.get(Message::ADDRESS_KEY).and_then(Value::as_text).unwrap_or(&inbox);
        // Not where Python puts it: there nobody would look for it. A general channel's are put
        // on the hosts in turn.
        let host = match channel.contains('!') {
            true => ring::host_of(non_local(channel), self.hosts.len()),
            false => self.general_sent % self.hosts.len(),
        };
        self.general_sent += usize::from(!channel.contains('!'));
        let before = self.entries(host, &key).await.len();
        self.layer.send(channel, &self.message(&add["args"][2])).await.unwrap();
        let entries = self.entries(host, &key).await;
        assert_eq!(entries.len(), before + 1);
        assert!(entries.contains(&self.body(&add["args"][2])));
        assert_eq!(self.ttl(host, &key).await, self.settings.common.expiry.as_secs());
    }

    /// Takes out what Python received.
    async fn forget_one(&mut self, commands: &[Json]) {
        let popped = commands.iter().find(|command| command["cmd"] == "BZPOPMIN").unwrap();
        let (host, key) = place(popped);
        let () = cmd("ZPOPMIN").arg(key).query_async(&mut self.hosts[host]).await.unwrap();
    }

    fn membership(&self, command: &Json) -> (String, String) {
        let args = list(&command["args"]);
        let group = text(&args[0]).split_once(":group:").unwrap().1;
        (group.to_owned(), text(args.last().unwrap()).to_owned())
    }

    async fn members(&mut self, command: &Json) -> Vec<String> {
        let (host, key) = place(command);
        let mut range = cmd("ZRANGE");
        range.arg(key).arg(0).arg(-1).query_async(&mut self.hosts[host]).await.unwrap()
    }

    async fn entries(&mut self, host: usize, key: &str) -> Vec<Vec<u8>> {
        let mut range = cmd("ZRANGE");
        range.arg(key).arg(0).arg(-1);
        let entries: Vec<Vec<u8>> = range.query_async(&mut self.hosts[host]).await.unwrap();
        let prefix = self.settings.random_prefix_length;
        entries.into_iter().map(|entry| entry[prefix..].to_vec()).collect()
    }

    async fn ttl(&mut self, host: usize, key: &str) -> u64 {
        let ttl: f64 = cmd("PTTL").arg(key).query_async(&mut self.hosts[host]).await.unwrap();
        (ttl / 1000.0).ceil() as u64
    }

    fn body(&self, recorded: &Json) -> Vec<u8> {
        entry(recorded).split_off(self.settings.random_prefix_length)
    }

    /// Reads a message as its user has it.
    fn message(&self, recorded: &Json) -> Message {
        let mut fields = self.codec.read(&entry(recorded), SystemTime::now()).unwrap();
        fields.shift_remove(Message::ADDRESS_KEY);
        Message::from(fields)
    }
}

fn place(command: &Json) -> (usize, String) {
    let host = command["host"].as_u64().unwrap() as usize;
    (host, text(&command["args"][0]).to_owned())
}

fn entry(recorded: &Json) -> Vec<u8> {
    match recorded.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => bytes(&recorded["hex"]),
    }
}

#[tokio::test]
async fn what_channels_redis_was_recorded_doing_has_the_same_effect_here() {
    let Some(server) = Server::redis() else { return };
    let mut played = 0;
    for scenario in list(&vectors("scenarios")) {
        if !text(&scenario["name"]).starts_with("core-") {
            continue;
        }
        let mut stage = Stage::new(&server, &scenario["config"]).await;
        for step in list(&scenario["steps"]) {
            stage.play(step).await;
            played += 1;
        }
        stage.layer.close().await;
    }
    assert!(played > 40, "{played}");
}

#[tokio::test]
async fn what_python_wrote_into_an_inbox_is_received() {
    let Some(server) = Server::redis() else { return };
    for scenario in list(&vectors("scenarios")).iter().take(5) {
        let mut stage = Stage::new(&server, &scenario["config"]).await;
        let mut channel = stage.layer.new_channel().await.unwrap();
        let own = channel.name().to_owned();
        let entries = list(&scenario["steps"]).iter().flat_map(|step| list(&step["commands"]));
        let entries =
            entries.filter(|command| command["cmd"] == "ZADD").map(|command| &command["args"]);
        for args in entries.filter(|args| text(&args[0]).ends_with("!")) {
            let mut fields = stage.codec.read(&entry(&args[2]), SystemTime::now()).unwrap();
            let address = fields.shift_remove(Message::ADDRESS_KEY).unwrap();
            // Python's name becomes ours, which is as long.
            let name = address.as_text().unwrap();
            let swapped = replace(&entry(&args[2]), name.as_bytes(), own.as_bytes());
            let key = format!("{}{}", stage.settings.prefix, non_local(&own));
            // It is found on every host.
            for host in &mut stage.hosts {
                let mut add = cmd("ZADD");
                add.arg(&key).arg(&stage.score).arg(&swapped);
                let () = add.query_async(host).await.unwrap();
                assert_eq!(
                    channel.receive().await,
                    Received::Message(Message::from(fields.clone()))
                );
            }
        }
        stage.layer.close().await;
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
