//! Measures what a broker adds: two nodes of one process, a real server on this machine.
//!
//! ```text
//! cargo run --release -p campanile-broker --features testing --example broker_speed
//! ```
#![expect(clippy::print_stdout, reason = "it is for a person who measures")]

use bytes::Bytes;
use campanile_broker::testing::Server;
use campanile_broker::{Broker, BrokerUrl, Event, Events, Settings, State, StreamSettings, To};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROOM: To<'_> = To::Rooms(&[r#"{"room":1}"#]);
const SINGLE: usize = 2_000;
const TOGETHER: usize = 50_000;
const IN_FLIGHT: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("| broker | confirmed, p50 / p99 µs | heard by another node, p50 / p99 µs | /s |");
    println!("| --- | --- | --- | --- |");
    measure("memory", BrokerUrl::memory(), None).await;
    if let Some(server) = Server::redis() {
        measure("Redis pub/sub", server.url(), None).await;
        let streams = StreamSettings { entries_max: 10_000 };
        measure("Redis Streams", server.url(), Some(streams)).await;
    }
    if let Some(server) = Server::nats() {
        measure("NATS", server.url(), None).await;
    }
    if let Some(server) = Server::rabbit() {
        measure("RabbitMQ", server.url(), None).await;
    }
}

async fn measure(name: &str, url: BrokerUrl, streams: Option<StreamSettings>) {
    let mut settings = Settings::new(url);
    settings.streams = streams;
    let (one, mut ones) = start(&settings).await;
    // A node alone has nobody else to be heard by.
    let alone = settings.url == BrokerUrl::memory();
    let mut other = if alone { None } else { Some(start(&settings).await) };
    let body = Bytes::from(format!(r#"{{"rooms":[{{"room":1}}],"data":"{}"}}"#, "x".repeat(100)));
    let (mut confirmed, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..SINGLE {
        let began = Instant::now();
        one.publish(ROOM, body.clone()).await.expect("it is confirmed");
        confirmed.push(began.elapsed());
        match &mut other {
            Some((_, events)) => hear(events, 1).await,
            None => hear(&mut ones, 1).await,
        }
        heard.push(began.elapsed());
        if other.is_some() {
            hear(&mut ones, 1).await;
        }
    }
    let began = Instant::now();
    let others = async {
        if let Some((_, events)) = &mut other {
            hear(events, TOGETHER).await;
        }
    };
    tokio::join!(publish_together(&*one, &body), hear(&mut ones, TOGETHER), others);
    let rate = TOGETHER as f64 / began.elapsed().as_secs_f64();
    println!("| {name} | {} | {} | {rate:.0} |", percentiles(confirmed), percentiles(heard));
}

async fn start(settings: &Settings) -> (Arc<dyn Broker>, Events) {
    let (broker, mut events) = campanile_broker::start(settings);
    while broker.state() != State::Connected {
        events.next().await;
    }
    while events.try_next().is_some() {}
    broker.listen(r#"{"room":1}"#).await.expect("it is confirmed");
    (broker, events)
}

async fn publish_together(broker: &dyn Broker, body: &Bytes) {
    let mut flying = FuturesUnordered::new();
    for _ in 0..TOGETHER {
        if flying.len() == IN_FLIGHT {
            let done: Option<Result<(), _>> = flying.next().await;
            done.expect("it is not empty").expect("it is confirmed");
        }
        flying.push(broker.publish(ROOM, body.clone()));
    }
    while let Some(done) = flying.next().await {
        done.expect("it is confirmed");
    }
}

async fn hear(events: &mut Events, count: usize) {
    let mut left = count;
    while left > 0 {
        match events.next().await {
            Some(Event::Publication { .. }) => left -= 1,
            Some(Event::Control { .. } | Event::Back { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_micros();
    format!("{} / {}", at(0.5), at(0.99))
}
