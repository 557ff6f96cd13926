//! RabbitMQ. It takes long to start, so one test holds it to everything.

use crate::faults::Missed;
use crate::node::{Node, settings, why_not};
use crate::slow::Slow;
use crate::{contract, faults, slow};
use campanile_broker::State;
use campanile_broker::testing::Server;
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use std::time::Duration;

#[tokio::test]
async fn rabbitmq_keeps_its_promise() {
    let Some(mut server) = Server::rabbit() else { return };
    contract::check(&server.url(), |_| {}).await;
    slow::check(&server.url(), Slow::Waits, |_| {}).await;
    what_a_backend_publishes_is_heard_and_what_cannot_be_read_is_skipped(&server).await;
    no_more_than_the_prefetch_comes_before_it_is_taken(&server).await;
    another_declaration_and_a_wrong_login_say_what_to_do(&server).await;
    attempts_to_reach_a_frozen_broker_leave_nothing_behind(&server).await;
    faults::check(&mut server, Missed::Lost, |_| {}).await;
}

async fn channel(server: &Server) -> (Connection, Channel) {
    let url = server.url_text(server.port());
    let connection = Connection::connect(&url, ConnectionProperties::default()).await;
    let connection = connection.expect("it can be connected to");
    let channel = connection.create_channel().await.expect("a channel is made");
    (connection, channel)
}

async fn publish(channel: &Channel, exchange: &str, body: &[u8]) {
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let sent = channel.basic_publish(exchange.into(), "*".into(), options, body, properties).await;
    sent.expect("it is sent");
}

async fn what_a_backend_publishes_is_heard_and_what_cannot_be_read_is_skipped(server: &Server) {
    let mut node = Node::start(&settings(server.url(), "backend", |_| {})).await;
    let (_connection, channel) = channel(server).await;
    // A high-templar's queue, which must hear the triggers and nothing else.
    let queue = channel.queue_declare("".into(), Default::default(), FieldTable::default()).await;
    let queue = queue.expect("a queue is made").name().clone();
    let options = QueueBindOptions::default();
    let bound = channel.queue_bind(
        queue.clone(),
        "backend".into(),
        "*".into(),
        options,
        FieldTable::default(),
    );
    bound.await.expect("it is bound");
    publish(&channel, "backend", br#"{"rooms": [{"a": 1}], "data": 1}"#).await;
    publish(&channel, "backend", &[0xff, 0xfe]).await;
    publish(&channel, "backend", br#"{"rooms": [{"a": 1}], "data": 2}"#).await;
    assert_eq!(node.hears().await, r#"{"rooms": [{"a": 1}], "data": 1}"#);
    assert_eq!(node.hears().await, r#"{"rooms": [{"a": 1}], "data": 2}"#);
    assert_eq!(node.broker.counters().not_text, 1);
    node.publish(campanile_broker::To::Nodes, "between nodes").await;
    assert_eq!(node.hears_control().await, "between nodes");
    let mut bodies = Vec::new();
    while let Some(got) =
        channel.basic_get(queue.clone(), Default::default()).await.expect("the queue can be read")
    {
        bodies.push(got.delivery.data.len());
    }
    assert_eq!(bodies, [32, 2, 32]);
}

async fn no_more_than_the_prefetch_comes_before_it_is_taken(server: &Server) {
    let settings = settings(server.url(), "prefetch", |settings| {
        settings.prefetch = 10;
        settings.silence = Duration::from_secs(3);
    });
    let mut node = Node::start(&settings).await;
    let (_connection, channel) = channel(server).await;
    for number in 0..100 {
        publish(&channel, "prefetch", number.to_string().as_bytes()).await;
    }
    let mut kept = Vec::new();
    for number in 0..10 {
        let event = node.event().await;
        let campanile_broker::Event::Publication { body, taken } = event else {
            panic!("{event:?}")
        };
        assert_eq!(body, number.to_string().as_bytes());
        kept.push(taken);
    }
    // Longer than the silence: that probes wait behind the publications is the node's own doing.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(node.broker.state(), State::Connected);
    assert!(node.broker.counters().received <= 10);
    drop(kept);
    for number in 10..100 {
        assert_eq!(node.hears().await, number.to_string());
    }
}

async fn another_declaration_and_a_wrong_login_say_what_to_do(server: &Server) {
    let (_connection, channel) = channel(server).await;
    let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
    let declared = channel.exchange_declare(
        "durable".into(),
        ExchangeKind::Direct,
        options,
        FieldTable::default(),
    );
    declared.await.expect("it is declared");
    let why = why_not(settings(server.url(), "durable", |_| {})).await;
    assert!(why.contains("exists already, declared otherwise (406)"), "{why}");
    let url = format!("amqp://guest:sesame@127.0.0.1:{}", server.port());
    let why = why_not(settings(url.parse().expect("a URL"), "login", |_| {})).await;
    assert!(why.contains("check user, password"), "{why}");
    assert!(!why.contains("sesame"), "{why}");
}

async fn attempts_to_reach_a_frozen_broker_leave_nothing_behind(server: &Server) {
    let settings = settings(server.url(), "attempts", |settings| {
        settings.connect_within = Duration::from_millis(300);
    });
    let mut node = Node::start(&settings).await;
    let count = |folder| std::fs::read_dir(folder).expect("Linux tells it").count();
    let threads_and_files = || (count("/proc/self/task"), count("/proc/self/fd"));
    server.freeze();
    node.wait_for_lost().await;
    let before = threads_and_files();
    while node.broker.counters().connects < 5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = threads_and_files();
    server.thaw();
    node.wait_for_back().await;
    assert!(after.0 <= before.0 + 1 && after.1 <= before.1 + 3, "{before:?} {after:?}");
}
