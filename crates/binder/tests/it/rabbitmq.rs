//! Triggers by RabbitMQ. It takes long to start, so one test holds it to everything.

use campanile_binder::{Publish as _, Publisher, Trigger, room};
use campanile_broker::testing::Server;
use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties, Consumer, ExchangeKind};
use std::time::Duration;

/// Listens as a high-templar does.
async fn listen(url: &str) -> (Connection, Consumer) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await;
    let connection = connection.expect("it is there");
    let channel = connection.create_channel().await.expect("a channel is made");
    let (exchange, none) = ("hightemplar", FieldTable::default);
    let options = ExchangeDeclareOptions::default();
    let declared = channel.exchange_declare(exchange.into(), ExchangeKind::Direct, options, none());
    declared.await.expect("the exchange is made");
    let options = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let queue = channel.queue_declare("".into(), options, none()).await.expect("a queue is made");
    let options = QueueBindOptions::default();
    let name = queue.name().clone();
    let bound = channel.queue_bind(name.clone(), exchange.into(), "*".into(), options, none());
    bound.await.expect("it is bound");
    let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
    let consumer = channel.basic_consume(name, "".into(), options, none()).await;
    (connection, consumer.expect("it listens"))
}

async fn hears(consumer: &mut Consumer) -> String {
    let next = tokio::time::timeout(Duration::from_secs(60), consumer.next()).await;
    let delivery = next.expect("in time").expect("a message").expect("no error");
    assert_eq!(delivery.properties, lapin::BasicProperties::default());
    String::from_utf8(delivery.data).expect("it is UTF-8")
}

#[tokio::test]
async fn triggers_come_by_rabbitmq_in_binders_bytes_also_after_an_outage() {
    let Some(mut server) = Server::rabbit() else { return };
    let url = server.url_text(server.port());
    let publisher = Publisher::builder().rabbitmq(&url).give_up_after(Duration::from_secs(600));
    let publisher = publisher.start().expect("it starts");

    // No gateway has declared the exchange: django-binder would lose it, and not know.
    publisher.trigger("early", [room! { "zoo": 1 }]);
    crate::heard::until("it is tried", || publisher.statistics().retries > 0).await;
    let (_connection, mut consumer) = listen(&url).await;
    assert_eq!(hears(&mut consumer).await, r#"{"data": "early", "rooms": [{"zoo": 1}]}"#);
    for number in 0..100 {
        publisher.trigger(number, [room! { "zoo": 1 }]);
    }
    for number in 0..100 {
        let body = format!(r#"{{"data": {number}, "rooms": [{{"zoo": 1}}]}}"#);
        assert_eq!(hears(&mut consumer).await, body);
    }
    let named = Trigger { id: Some("order-7".to_owned()), ..Trigger::new(7, [room! { "zoo": 1 }]) };
    publisher.try_publish(named).await.expect("it is taken");
    let body = r#"{"data": 7, "rooms": [{"zoo": 1}], "id": "order-7"}"#;
    assert_eq!(hears(&mut consumer).await, body);

    server.kill();
    for number in 0..3 {
        publisher.trigger(number, [room! { "zoo": 1 }]);
    }
    server.restart();
    let (_connection, mut consumer) = listen(&url).await;
    for number in 0..3 {
        let body = format!(r#"{{"data": {number}, "rooms": [{{"zoo": 1}}]}}"#);
        assert_eq!(hears(&mut consumer).await, body);
    }
    assert_eq!(publisher.statistics().unheard, 0);
    drop((_connection, consumer));
    crate::heard::until("nobody listens", || {
        publisher.trigger("to nobody", [room! { "zoo": 1 }]);
        publisher.statistics().unheard > 0
    })
    .await;

    // What its sender keeps, as an outbox does, waits for somebody to hear it.
    let before = publisher.statistics().retries;
    let kept = Trigger::new("kept", [room! { "zoo": 1 }]);
    let kept = tokio::spawn({
        let publisher = publisher.clone();
        async move { publisher.deliver(kept).await }
    });
    crate::heard::until("it is tried", || publisher.statistics().retries > before).await;
    let (_connection, mut consumer) = listen(&url).await;
    assert_eq!(hears(&mut consumer).await, r#"{"data": "kept", "rooms": [{"zoo": 1}]}"#);
    assert_eq!(kept.await.expect("it ends"), Ok(()));
    assert_eq!(publisher.statistics().lost(), 0);
}
