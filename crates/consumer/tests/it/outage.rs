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
        silence: Duration::from_secs(4),
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
    let mut sender = Sender { layers, next: 0 };
    sender.send_some(20).await;
    redis.kill();
    sender.send_until(|sent| matches!(sent, Err(SendError::Unavailable(_)))).await;
    redis.restart();
    let back = sender.next;
    for (index, client) in clients.iter_mut().enumerate() {
        // By the fast lane, numbers may come before the word that some are missing.
        let is_fast = index % 2 == 1;
        let mut heard = Heard::default();
        while !(heard.missed && heard.numbers.last().is_some_and(|last| *last >= back)) {
            heard.take(&sender.send_until_heard(client).await);
            let hears_first = heard.numbers.last().is_some_and(|last| *last >= back);
            assert!(heard.missed || is_fast || !hears_first, "client {index} was not told first");
        }
    }
    // Nobody would answer the goodbye.
    drop(clients);
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
}

impl<L: ChannelLayer> Sender<L> {
    /// Sends the next number, by each process in turn.
    async fn send(&mut self) -> Result<(), SendError> {
        let (number, layer) = (self.next, &self.layers[(self.next % 2) as usize]);
        self.next += 1;
        let told = campanile_consumer::layer::Message::new(&Told::Number { number });
        layer.group_send("numbers", &told.expect("it is a map")).await.map(drop)
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

    /// Sends numbers, accepted or not, until a client hears something; returns that.
    async fn send_until_heard(&mut self, client: &mut Client) -> String {
        let sending = async {
            loop {
                let _ = self.send().await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            // What waits already is heard first.
            biased;
            frame = receive(&mut client.0) => frame.to_text().expect("text").to_owned(),
            never = sending => never,
        }
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
