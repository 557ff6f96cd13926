//! Those who publish: backends that post to a node, and backends that publish by the broker itself.

use crate::support::http;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One that was published, or should have been.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) publisher: String,
    /// Which of that publisher's.
    pub(super) number: usize,
    pub(super) data: String,
    pub(super) rooms: Vec<usize>,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) outcome: Outcome,
}

/// What the publisher was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    /// Nobody gets it.
    Refused,
    /// Perhaps somebody gets it.
    Unknown,
}

/// By which way to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A node's internal listener.
    Http(SocketAddr),
    /// `PUBLISH` to Redis.
    Redis(u16),
    /// `XADD` to Redis.
    Stream(u16),
    /// `PUB` to NATS.
    Nats(u16),
    /// As django-binder does it.
    Rabbit(u16),
}

/// Somebody who publishes one after the other.
pub(super) struct Publisher {
    name: String,
    way: Way,
    next: usize,
}

/// The channel of the room `{"n":0}` in Redis: the SHA-1 of that text.
const ROOM_0: &str = "hightemplar:room:d46121fb59b3384f5a5cad7e39a6e768e33fd5a7";

const WITHIN: Duration = Duration::from_secs(60);

impl Publisher {
    pub(super) fn new(name: impl Into<String>, way: Way) -> Publisher {
        Publisher { name: name.into(), way, next: 0 }
    }

    /// Goes on by another way.
    pub(super) fn go_by(&mut self, way: Way) {
        self.way = way;
    }

    /// Publishes to these rooms.
    pub(super) async fn publish(&mut self, rooms: &[usize]) -> Published {
        let (publisher, number) = (self.name.clone(), self.next);
        self.next += 1;
        let data = format!("{publisher}-{number}");
        let list: Vec<String> = rooms.iter().map(|room| format!("{{\"n\": {room}}}")).collect();
        // Binder puts the data first.
        let body = format!("{{\"data\": \"{data}\", \"rooms\": [{}]}}", list.join(", "));
        let began = SystemTime::now();
        let said = tokio::time::timeout(WITHIN, self.say(&body, rooms)).await;
        let outcome = said.ok().and_then(Result::ok).unwrap_or(Outcome::Unknown);
        let ended = SystemTime::now();
        Published { publisher, number, data, rooms: rooms.to_vec(), began, ended, outcome }
    }

    /// Publishes so many, to changing rooms, sometimes to two.
    pub(super) async fn publish_many(&mut self, count: usize, rooms: usize) -> Vec<Published> {
        let mut published = Vec::new();
        for _ in 0..count {
            let room = self.next % rooms;
            let both = [room, (room + 3) % rooms];
            let one = if self.next.is_multiple_of(3) { &both[..] } else { &both[..1] };
            published.push(self.publish(one).await);
        }
        published
    }

    async fn say(&self, body: &str, rooms: &[usize]) -> io::Result<Outcome> {
        match self.way {
            Way::Http(internal) => post(internal, body).await,
            Way::Redis(port) => {
                let channel = if rooms == [0] { ROOM_0 } else { "hightemplar:everybody" };
                redis(port, &["PUBLISH", channel, body]).await
            }
            Way::Stream(port) => {
                redis(port, &["XADD", "hightemplar:stream", "*", "body", body]).await
            }
            Way::Nats(port) => nats(port, body).await,
            Way::Rabbit(port) => rabbit(port, "*", body).await.map_err(io::Error::other),
        }
    }
}

async fn post(internal: SocketAddr, body: &str) -> io::Result<Outcome> {
    let answer = http::post(internal, "/trigger/", &[], body.as_bytes()).await?;
    Ok(match answer.status {
        200 => Outcome::Accepted,
        503 if answer.body.contains("perhaps it was published") => Outcome::Unknown,
        503 => Outcome::Refused,
        status => panic!("a trigger was answered {status}: {}", answer.body),
    })
}

/// Sends Redis a command that it answers by a number or a text.
pub(crate) async fn redis(port: u16, words: &[&str]) -> io::Result<Outcome> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    // The number of those who heard it, or the length of the entry's id.
    assert!(answer.starts_with([':', '$']), "{answer}");
    Ok(Outcome::Accepted)
}

async fn nats(port: u16, body: &str) -> io::Result<Outcome> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let length = body.len();
    let words = format!("PUB hightemplar.everybody {length}\r\n{body}\r\nPING\r\n");
    stream.write_all(format!("CONNECT {{\"verbose\":false}}\r\n{words}").as_bytes()).await?;
    let mut heard = String::new();
    while !heard.ends_with("PONG\r\n") {
        heard.push(stream.read_u8().await?.into());
    }
    Ok(Outcome::Accepted)
}

/// Publishes without properties over a connection of its own, as binder does, but waits for the
/// confirmation.
pub(crate) async fn rabbit(port: u16, routing_key: &str, body: &str) -> lapin::Result<Outcome> {
    let url = format!("amqp://127.0.0.1:{port}");
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let (exchange, body) = ("hightemplar".into(), body.as_bytes());
    let published =
        channel.basic_publish(exchange, routing_key.into(), options, body, properties).await?;
    let confirmation = published.await?;
    connection.close(200, "done".into()).await?;
    Ok(match confirmation {
        Confirmation::Ack(_) => Outcome::Accepted,
        _ => Outcome::Unknown,
    })
}
