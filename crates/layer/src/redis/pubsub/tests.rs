//! The layer plays what channels_redis was recorded doing.

use super::RedisPubSubLayer;
use crate::redis::{Format, RedisSettings};
use crate::vectors::{bytes, list, map, text, vectors};
use crate::{Channel, ChannelLayer, Map, Message, Received};
use campanile_broker::testing::Server;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

#[tokio::test]
async fn it_sends_redis_the_commands_that_channels_redis_was_recorded_sending() {
    let scenarios = vectors("scenarios");
    let is_ours = |scenario: &&Json| text(&scenario["name"]).starts_with("pubsub");
    let mut played = 0;
    for scenario in list(&scenarios).iter().filter(is_ours) {
        let Some(mut stage) = Stage::new(&scenario["config"]).await else { return };
        for step in list(&scenario["steps"]) {
            stage.play(step).await;
        }
        played += 1;
    }
    assert_eq!(played, 2);
}

/// The layer, its hosts, and what they are asked.
struct Stage {
    layer: RedisPubSubLayer,
    channels: Vec<Channel>,
    monitors: Vec<Monitor>,
    _servers: Vec<Server>,
}

impl Stage {
    async fn new(config: &Json) -> Option<Stage> {
        let hosts = config["hosts"].as_u64()?;
        let servers: Vec<Server> = (0..hosts).map(|_| Server::redis()).collect::<Option<_>>()?;
        let url = |server: &Server| server.url_text(server.port()).parse().unwrap();
        let mut settings =
            RedisSettings { hosts: servers.iter().map(url).collect(), ..RedisSettings::default() };
        if let Some(prefix) = config["prefix"].as_str() {
            prefix.clone_into(&mut settings.prefix);
        }
        if config["serializer_format"] == "json" {
            settings.serializer_format = Format::Json;
        }
        let layer = RedisPubSubLayer::connect(settings).await.unwrap();
        let monitors = servers.iter().map(Monitor::new).collect();
        Some(Stage { layer, channels: Vec::new(), monitors, _servers: servers })
    }

    async fn play(&mut self, step: &Json) {
        let (call, arguments) = text(&step["call"]).split_once('(').unwrap();
        let (first, second) =
            arguments.trim_end_matches(')').split_once(", ").unwrap_or((arguments, ""));
        let first = first.trim_end_matches(')');
        let result = match call {
            "new_channel" => {
                let name = Arc::from(text(&step["returns"]));
                self.channels.push(self.layer.open(name).await.unwrap());
                Ok(())
            }
            "group_add" => self.layer.group_add(&self.name(first), &self.name(second)).await,
            "group_discard" => {
                self.layer.group_discard(&self.name(first), &self.name(second)).await
            }
            "group_send" => {
                self.layer.group_send(&self.name(first), &message(second)).await.unwrap();
                Ok(())
            }
            "send" => {
                self.layer.send(&self.name(first), &message(second)).await.unwrap();
                Ok(())
            }
            "receive" => {
                let index = self.index(first).unwrap();
                let received = self.channels[index].receive().await;
                assert_eq!(received, Received::Message(Message::from(map(&step["returns"]))));
                Ok(())
            }
            other => panic!("{other} was not recorded"),
        };
        assert_eq!(result.is_err(), step["raises"].is_string(), "{step}");
        assert_eq!(self.asked(), recorded(step), "{step}");
    }

    /// Returns the channel that the recording calls `c1`, `c2` or, if it is the latest, `c`.
    fn index(&self, variable: &str) -> Option<usize> {
        let number = variable.strip_prefix('c')?;
        if number.is_empty() {
            return self.channels.len().checked_sub(1);
        }
        number.parse::<usize>().ok()?.checked_sub(1)
    }

    fn name(&self, argument: &str) -> String {
        match self.index(argument) {
            Some(index) => self.channels[index].name().to_owned(),
            None => argument.trim_matches('\'').to_owned(),
        }
    }

    /// Returns what the hosts were asked since this was called before.
    fn asked(&mut self) -> Vec<(usize, Vec<Vec<u8>>)> {
        let hosts = self.monitors.iter_mut().enumerate();
        hosts
            .flat_map(|(host, monitor)| monitor.since().into_iter().map(move |words| (host, words)))
            .collect()
    }
}

/// Reads a message as Python writes it, with its keys in order.
fn message(python: &str) -> Message {
    Message::from(serde_json::from_str::<Map>(&python.replace('\'', "\"")).unwrap())
}

fn recorded(step: &Json) -> Vec<(usize, Vec<Vec<u8>>)> {
    let word = |json: &Json| match json {
        Json::String(text) => text.clone().into_bytes(),
        json => bytes(&json["hex"]),
    };
    let command = |command: &Json| {
        let words = std::iter::once(&command["cmd"]).chain(list(&command["args"])).map(word);
        (command["host"].as_u64().unwrap() as usize, words.collect())
    };
    list(&step["commands"]).iter().map(command).collect()
}

/// What a Redis says that it is asked.
struct Monitor {
    lines: BufReader<TcpStream>,
    marker: TcpStream,
}

impl Monitor {
    fn new(server: &Server) -> Monitor {
        let connect = || TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let mut socket = connect();
        socket.write_all(b"MONITOR\r\n").unwrap();
        let mut monitor = Monitor { lines: BufReader::new(socket), marker: connect() };
        monitor.since();
        monitor
    }

    fn since(&mut self) -> Vec<Vec<Vec<u8>>> {
        self.marker.write_all(b"ECHO marker\r\n").unwrap();
        let mut commands = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "Redis ended the connection");
            let Some((_, words)) = line.split_once("] ") else { continue };
            let words = words_of(words.trim_end());
            match &words[0][..] {
                b"ECHO" => return commands,
                // How a connection begins and is proved alive is each library's own.
                b"HELLO" | b"CLIENT" | b"SELECT" | b"PING" => {}
                _ => commands.push(words),
            }
        }
    }
}

/// Reads `"PUBLISH" "room" "\x82\xa4type"`.
fn words_of(line: &str) -> Vec<Vec<u8>> {
    let (mut words, mut rest) = (Vec::new(), line.as_bytes());
    while let [b'"', inside @ ..] = rest {
        let mut word = Vec::new();
        rest = inside;
        loop {
            rest = match rest {
                [b'"', after @ ..] => break rest = after,
                [b'\\', b'x', high, low, after @ ..] => {
                    let digits = [*high, *low];
                    let digits = std::str::from_utf8(&digits).unwrap();
                    word.push(u8::from_str_radix(digits, 16).unwrap());
                    after
                }
                [b'\\', escaped, after @ ..] => {
                    word.push(match escaped {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'a' => 7,
                        b'b' => 8,
                        other => *other,
                    });
                    after
                }
                [byte, after @ ..] => {
                    word.push(*byte);
                    after
                }
                [] => panic!("a word has an end: {line}"),
            };
        }
        words.push(word);
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
    }
    words
}
