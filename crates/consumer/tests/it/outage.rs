//! Consumers of two processes on one Redis, which is killed while events are under way.

use std::collections::BTreeSet;
use std::time::Duration;

use campanile_broker::testing::Server as Redis;
use campanile_consumer::layer::{
    ChannelLayer, Missed, RedisLayer, RedisPubSubLayer, RedisSettings, SendError,
};
use campanile_consumer::{
    Accept, Close, Consumer, Context, FastLane, IntoMessage as _, Json, Message, Refusal, Scope,
    Server, consumer,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sockets::{Client, Listening, receive};

/// Clients of each process that hear the group by their consumers; as many do so by the fast lane.
const CLIENTS: usize = 25;

/// Tells its client each number, and when some are missing.
struct Reader;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Told {
    #[serde(rename = "test.number")]
    Number { number: u64 },
    #[serde(rename = "test.missed")]
    Missed,
}

impl Consumer for Reader {
    type User = ();
    type Request = String;
    type Event = Told;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        match scope.param("lane")? {
            "fast" => context.group_add_fast("numbers").await?,
            _ => context.group_add("numbers").await?,
        }
        Ok(Accept::new(Reader))
    }

    async fn event(&mut self, told: Told, context: &mut Context<Self>) -> Result<(), Close> {
        Ok(context.send(Json(told)).await?)
    }

    async fn missed(&mut self, _: Missed, context: &mut Context<Self>) -> Result<(), Close> {
        Ok(context.send(Json(Told::Missed)).await?)
    }
}

impl FastLane for Reader {
    fn render(told: Told) -> Option<Message> {
        Json(told).into_message().ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_on_the_core_layer_outlive_redis_and_are_told_what_they_may_have_missed() {
    let Some(redis) = Redis::redis() else { return };
    let layers = [
        RedisLayer::connect(settings(&redis)).await.expect("it was just started"),
        RedisLayer::connect(settings(&redis)).await.expect("it was just started"),
    ];
    outlive(redis, layers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_on_the_pubsub_layer_outlive_redis_and_are_told_what_they_may_have_missed() {
    let Some(redis) = Redis::redis() else { return };
    let layers = [
        RedisPubSubLayer::connect(settings(&redis)).await.expect("it was just started"),
        RedisPubSubLayer::connect(settings(&redis)).await.expect("it was just started"),
    ];
    outlive(redis, layers).await;
}

fn settings(redis: &Redis) -> RedisSettings {
    RedisSettings {
        hosts: vec![redis.url_text(redis.port()).parse().expect("it is a URL")],
        silence: Duration::from_secs(2),
        ..RedisSettings::default()
    }
}

/// Sends numbers from both processes to clients of both, while Redis is killed and started again.
async fn outlive<L: ChannelLayer + Clone>(mut redis: Redis, layers: [L; 2]) {
    let [one, other] = layers.clone();
    let processes = [process(one).await, process(other).await];
    let mut clients = Vec::new();
    for process in &processes {
        for _ in 0..CLIENTS {
            clients.push(process.connect("/slow").await);
            clients.push(process.connect("/fast").await);
        }
    }
    let mut sender = Sender { layers, next: 0, accepted: BTreeSet::new() };
    sender.send_some(20).await;
    redis.kill();
    sender.send_until(|sent| matches!(sent, Err(SendError::Unavailable(_)))).await;
    redis.restart();
    // Both processes are back when the numbers of both reach all.
    sender.send_until(Result::is_ok).await;
    sender.send_until(Result::is_ok).await;
    let last = sender.send_until_all_hear(&mut clients).await;
    for (index, heard) in last.into_iter().enumerate() {
        let missing: Vec<_> = sender.accepted.difference(&heard.numbers).collect();
        assert!(missing.is_empty() || heard.missed, "client {index} was not told of {missing:?}");
        // By the fast lane, numbers may come before the word that some are missing.
        assert!(heard.missed || index % 2 == 1, "client {index} was not told of the outage");
    }
    for process in processes {
        assert_eq!(process.server.shutdown(Duration::from_secs(30)).await, 0);
    }
}

async fn process(layer: impl ChannelLayer) -> Listening {
    let server = Server::builder().layer(layer).loops(1).start().expect("a loop");
    Listening::of(server, |router| router.route("/{lane}", consumer::<Reader>())).await
}

/// What one client heard.
#[derive(Default)]
struct Heard {
    numbers: BTreeSet<u64>,
    missed: bool,
}

struct Sender<L> {
    layers: [L; 2],
    next: u64,
    /// Those of which a layer says that they are sent.
    accepted: BTreeSet<u64>,
}

impl<L: ChannelLayer> Sender<L> {
    /// Sends the next number, by each process in turn.
    async fn send(&mut self) -> Result<(), SendError> {
        let (number, layer) = (self.next, &self.layers[(self.next % 2) as usize]);
        self.next += 1;
        let told = campanile_consumer::layer::Message::new(&Told::Number { number });
        layer.group_send("numbers", &told.expect("it is a map")).await?;
        self.accepted.insert(number);
        Ok(())
    }

    async fn send_some(&mut self, count: u64) {
        for _ in 0..count {
            self.send().await.expect("Redis is there");
        }
    }

    async fn send_until(&mut self, reached: impl Fn(&Result<(), SendError>) -> bool) {
        let sending = async {
            while !reached(&self.send().await) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), sending).await.expect("it comes to that");
    }

    /// Sends numbers until each client has heard one of the last ten; returns all that they heard.
    async fn send_until_all_hear(&mut self, clients: &mut [Client]) -> Vec<Heard> {
        let first = self.next;
        let mut heard = Vec::new();
        for client in clients {
            let mut known = Heard::default();
            while known.numbers.last().is_none_or(|last| *last < first) {
                let sending = async {
                    loop {
                        let _ = self.send().await;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                };
                tokio::select! {
                    frame = receive(&mut client.0) => known.take(frame.to_text().expect("text")),
                    () = sending => {}
                }
            }
            heard.push(known);
        }
        // What was sent since is on its way to those who were asked first.
        self.accepted.retain(|number| *number < first);
        heard
    }
}

impl Heard {
    fn take(&mut self, frame: &str) {
        let told: Value = serde_json::from_str(frame).expect("it is JSON");
        match told["number"].as_u64() {
            Some(number) => assert!(self.numbers.insert(number), "{number} came twice"),
            None => self.missed = true,
        }
    }
}
