//! What the tests of the pub/sub layer have in common.

use campanile_broker::testing::Server;
use campanile_layer::{
    Channel, ChannelLayer, Message, MissedReason, Received, RedisPubSubLayer, RedisSettings,
    SendError, Value,
};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use std::time::Duration;

/// A machine may be slow; what should come comes within this.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn settings(ports: &[u16]) -> RedisSettings {
    let url = |port| format!("redis://127.0.0.1:{port}/0").parse().expect("it is a URL");
    RedisSettings {
        hosts: ports.iter().map(url).collect(),
        // Short, but a machine that is busy with other tests must not be taken for a lost Redis.
        silence: Duration::from_secs(4),
        ..RedisSettings::default()
    }
}

pub(crate) async fn connect(ports: &[u16]) -> RedisPubSubLayer {
    RedisPubSubLayer::connect(settings(ports)).await.expect("Redis was just started")
}

pub(crate) async fn ask<T: FromRedisValue>(server: &Server, command: &str) -> T {
    let client = Client::open(server.url_text(server.port())).expect("it is a URL");
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    let mut connection = connection.expect("it is there");
    let mut words = Cmd::new();
    words.arg(command.split(' ').collect::<Vec<_>>());
    words.query_async(&mut connection).await.expect("Redis answers")
}

pub(crate) fn numbered(number: u64) -> Message {
    Message::of_type("test.number").with("number", number)
}

pub(crate) async fn receive(channel: &mut Channel) -> Received {
    let received = tokio::time::timeout(PATIENCE, channel.receive()).await;
    received.unwrap_or_else(|_| panic!("nothing comes to {}", channel.name()))
}

pub(crate) async fn number(channel: &mut Channel) -> u64 {
    let received = receive(channel).await;
    let Received::Message(message) = &received else { panic!("{received:?}") };
    number_of(message)
}

pub(crate) fn number_of(message: &Message) -> u64 {
    let Some(Value::Integer(number)) = message.get("number") else { panic!("{message:?}") };
    u64::try_from(*number).expect("it is one of ours")
}

pub(crate) async fn missed(channel: &mut Channel) -> MissedReason {
    let received = receive(channel).await;
    let Received::Missed(missed) = received else { panic!("{received:?}") };
    missed.reason
}

pub(crate) async fn member(layer: &RedisPubSubLayer, group: &str) -> Channel {
    let channel = layer.new_channel().await.expect("there are not so many");
    layer.group_add(group, channel.name()).await.expect("Redis is there");
    channel
}

pub(crate) async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let reaching = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, reaching).await.is_ok(), "{what}: never");
}

/// Waits until sends to a group fail, as they do at once while its host is lost.
pub(crate) async fn until_lost(layer: &RedisPubSubLayer, group: &str) {
    until("the loss is noticed", async || {
        matches!(layer.group_send(group, &numbered(0)).await, Err(SendError::Unavailable(_)))
    })
    .await;
}
