//! Measures what a layer costs: `cargo run --release -p campanile-layer --example layer_speed`.
//!
//! The layers on Redis need a redis-server, which is started here.

use campanile_broker::testing::Server;
use campanile_layer::capacity::Capacities;
use campanile_layer::{
    Channel, ChannelLayer, MemoryLayer, Message, Received, RedisLayer, RedisPubSubLayer,
    RedisSettings, Settings,
};
use std::error::Error;
use std::time::{Duration, Instant};

/// How many tasks send to one channel, and how many messages each.
const SENDERS: usize = 32;
const EACH: usize = 2_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let message = Message::of_type("chat.message").with("text", "x".repeat(128));
    for members in [100, 1_000, 10_000] {
        memory(members, &message).await?;
    }
    let Some(server) = Server::redis() else { return Ok(()) };
    for members in [1, 100, 1_000] {
        let layers = (core(&server).await?, core(&server).await?);
        redis_group("core", layers, members, &message).await?;
        let layers = (pub_sub(&server).await?, pub_sub(&server).await?);
        redis_group("pub/sub", layers, members, &message).await?;
    }
    redis_channel("core", (core(&server).await?, core(&server).await?), &message).await?;
    redis_channel("pub/sub", (pub_sub(&server).await?, pub_sub(&server).await?), &message).await
}

fn settings(capacity: usize) -> Settings {
    let capacity = Capacities { globs: Vec::new(), default: capacity };
    Settings { capacity, ..Settings::default() }
}

async fn members(layer: &impl ChannelLayer, count: usize) -> Outcome<Vec<Channel>> {
    let mut channels = Vec::new();
    for _ in 0..count {
        let channel = layer.new_channel().await?;
        layer.group_add("room", channel.name()).await?;
        channels.push(channel);
    }
    Ok(channels)
}

/// A message to all members, which they take out, again and again.
async fn memory(count: usize, message: &Message) -> Outcome<()> {
    let layer = MemoryLayer::new(settings(100));
    let mut channels = members(&layer, count).await?;
    let rounds = 1_000_000 / count;
    let (mut sending, start) = (Duration::ZERO, Instant::now());
    for _ in 0..rounds {
        let sent = Instant::now();
        layer.group_send("room", message).await?;
        sending += sent.elapsed();
        for channel in &mut channels {
            assert!(channel.try_receive().is_some(), "it was just sent");
        }
    }
    let deliveries = (rounds * count) as u128;
    report(format_args!(
        "memory, {count} members: {} ns a delivery to send, {} ns with receiving",
        sending.as_nanos() / deliveries,
        start.elapsed().as_nanos() / deliveries,
    ));
    Ok(())
}

fn on_redis(server: &Server) -> Outcome<RedisSettings> {
    let hosts = vec![server.url_text(server.port()).parse()?];
    let queue_messages_max = SENDERS * EACH;
    let common = settings(SENDERS * EACH);
    Ok(RedisSettings { hosts, queue_messages_max, common, ..RedisSettings::default() })
}

async fn core(server: &Server) -> Outcome<RedisLayer> {
    Ok(RedisLayer::connect(on_redis(server)?).await?)
}

async fn pub_sub(server: &Server) -> Outcome<RedisPubSubLayer> {
    Ok(RedisPubSubLayer::connect(on_redis(server)?).await?)
}

/// Messages from one process to a group with all its members in another.
async fn redis_group(
    kind: &str,
    (sender, layer): (impl ChannelLayer, impl ChannelLayer),
    count: usize,
    message: &Message,
) -> Outcome<()> {
    const WINDOW: usize = 50;
    let mut channels = members(&layer, count).await?;
    let rounds = (200_000 / count / WINDOW).clamp(2, 100);
    let start = Instant::now();
    for _ in 0..rounds {
        let receiving = async {
            for channel in &mut channels {
                for _ in 0..WINDOW {
                    assert!(matches!(channel.receive().await, Received::Message(_)));
                }
            }
        };
        let sending = async {
            for _ in 0..WINDOW {
                sender.group_send("room", message).await.expect("Redis is there");
            }
        };
        tokio::join!(receiving, sending);
    }
    let (seconds, sent) = (start.elapsed().as_secs_f64(), rounds * WINDOW);
    report(format_args!(
        "{kind}, {count} members in one process: {:.0} messages/s, {:.0} deliveries/s",
        sent as f64 / seconds,
        (sent * count) as f64 / seconds,
    ));
    layer.close().await;
    Ok(())
}

/// Messages from one process to one channel of another, of which many are on their way.
async fn redis_channel(
    kind: &str,
    (sender, layer): (impl ChannelLayer + Clone, impl ChannelLayer),
    message: &Message,
) -> Outcome<()> {
    let mut channel = layer.new_channel().await?;
    let start = Instant::now();
    for _ in 0..SENDERS {
        let (sender, name, message) = (sender.clone(), channel.name().to_owned(), message.clone());
        tokio::spawn(async move {
            for _ in 0..EACH {
                sender.send(&name, &message).await.expect("there is room");
            }
        });
    }
    for _ in 0..SENDERS * EACH {
        assert!(matches!(channel.receive().await, Received::Message(_)));
    }
    let rate = (SENDERS * EACH) as f64 / start.elapsed().as_secs_f64();
    report(format_args!("{kind}, one channel, {SENDERS} senders: {rate:.0} messages/s received"));
    layer.close().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn report(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}
