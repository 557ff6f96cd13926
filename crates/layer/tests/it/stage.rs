//! What the tests of layers on Redis have in common.

use campanile_broker::testing::Server;
use campanile_layer::{Channel, ChannelLayer, MissedReason, Received, RedisLayer, RedisSettings};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use std::time::Duration;

pub(crate) use campanile_layer::Message;

/// A machine may be slow; what should come comes within this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Returns settings for so many databases of a server, as so many hosts.
pub(crate) fn settings(server: &Server, hosts: usize) -> RedisSettings {
    settings_at(server, server.port(), hosts)
}

/// Returns the same, but by another port.
pub(crate) fn settings_at(server: &Server, port: u16, hosts: usize) -> RedisSettings {
    let url = |host| format!("{}/{host}", server.url_text(port)).parse().expect("it is a URL");
    RedisSettings {
        hosts: (0..hosts).map(url).collect(),
        // Short, but a machine that is busy with other tests must not be taken for a lost Redis.
        silence: Duration::from_secs(4),
        ..RedisSettings::default()
    }
}

pub(crate) async fn connect(settings: RedisSettings) -> RedisLayer {
    RedisLayer::connect(settings).await.expect("Redis was just started")
}

pub(crate) fn numbered(number: u64) -> Message {
    Message::of_type("test.number").with("number", number)
}

/// Waits for what comes.
pub(crate) async fn receive(channel: &mut Channel) -> Received {
    let received = tokio::time::timeout(PATIENCE, channel.receive()).await;
    received.unwrap_or_else(|_| panic!("nothing comes to {}", channel.name()))
}

/// Waits for a message, and returns its number.
pub(crate) async fn number(channel: &mut Channel) -> u64 {
    match receive(channel).await {
        Received::Message(message) => match message.get("number") {
            Some(campanile_layer::Value::Integer(number)) => *number as u64,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Waits until an outage is told.
pub(crate) async fn outage(channel: &mut Channel) {
    loop {
        if let Received::Missed(missed) = receive(channel).await
            && let MissedReason::Outage { from, until } = missed.reason
        {
            assert!(from <= until, "{from:?} {until:?}");
            return;
        }
    }
}

/// Asks until the answer is yes.
pub(crate) async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let reaching = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, reaching).await.is_ok(), "{what}: never");
}

/// A connection of the test's own.
pub(crate) struct Redis(MultiplexedConnection);

impl Redis {
    pub(crate) async fn of(server: &Server) -> Redis {
        let client = Client::open(server.url_text(server.port())).expect("it is a URL");
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        Redis(connection.expect("it was just started"))
    }

    pub(crate) async fn ask<T: FromRedisValue>(&mut self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut cmd = Cmd::new();
        cmd.arg(words.by_ref().collect::<Vec<_>>());
        cmd.query_async(&mut self.0).await.expect("Redis answers")
    }

    pub(crate) async fn keys(&mut self) -> Vec<String> {
        self.ask("KEYS *").await
    }
}

/// Makes a channel in a group.
pub(crate) async fn member(layer: &impl ChannelLayer, group: &str) -> Channel {
    let channel = layer.new_channel().await.expect("there are not so many");
    layer.group_add(group, channel.name()).await.expect("Redis is there");
    channel
}
