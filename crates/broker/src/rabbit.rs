//! RabbitMQ, by the topology of high-templar 3.1: its backends publish to Campanile unchanged, and
//! it may run beside it.
//!
//! A direct exchange, which is not durable; a queue of each node's own, which ends with its
//! connection; between them the literal binding key `*`. What Campanile's nodes say to each other,
//! and to themselves, goes through the same exchange and queue by keys that no queue of a
//! high-templar is bound to.

mod errors;
mod socket;
mod taken;

use crate::link::{Connected, Connector, Ears, Link};
use crate::{PublishError, Settings, To};
use bytes::Bytes;
use errors::explain;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
};
use socket::Cutter;
use std::sync::Arc;
use taken::Acknowledging;
use tokio::task::JoinHandle;

/// The routing key of triggers. In a direct exchange it is no wildcard.
const TRIGGERS: &str = "*";

/// The routing key of messages between Campanile's nodes.
const NODES: &str = "campanile";

/// How often both ends say that they are there, unless the URL says it, in seconds.
const HEARTBEAT: u16 = 10;

/// Makes connections to RabbitMQ.
pub(crate) struct RabbitConnector {
    settings: Settings,
}

/// A connection to RabbitMQ.
struct Rabbit {
    _connection: Connection,
    /// Ends with this, whatever RabbitMQ does, and the queue with it.
    _cutter: Cutter,
    /// Publications go out by one channel and come in by another, so that neither waits.
    mouth: Channel,
    exchange: String,
    /// The routing key of this connection's probes.
    node: String,
    acknowledging: Arc<Acknowledging>,
    consuming: JoinHandle<()>,
}

impl RabbitConnector {
    pub(crate) fn new(settings: &Settings) -> RabbitConnector {
        RabbitConnector { settings: settings.clone() }
    }

    async fn try_to_connect(&self, ears: Ears) -> Result<Rabbit, lapin::Error> {
        let uri = uri(&self.settings)?;
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("campanile {}", self.settings.exchange).into());
        let cutter = Cutter::new();
        let connection = socket::connect(uri, properties, &self.settings, &cutter).await?;
        let ear = connection.create_channel().await?;
        let unique = crate::envelope::Id::random().to_string();
        let node = format!("{NODES}.{unique}");
        let queue = format!("hightemplar_{unique}");
        declare(&ear, &self.settings, &queue, &node).await?;
        let mouth = connection.create_channel().await?;
        mouth.confirm_select(ConfirmSelectOptions::default()).await?;
        let options = BasicConsumeOptions { exclusive: true, ..Default::default() };
        let consumer =
            ear.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        let acknowledging = Acknowledging::start(ear, self.settings.prefetch);
        let consuming = consume(consumer, ears, Arc::clone(&acknowledging), node.clone());
        let exchange = self.settings.exchange.clone();
        let consuming = tokio::spawn(consuming);
        Ok(Rabbit {
            _connection: connection,
            _cutter: cutter,
            mouth,
            exchange,
            node,
            acknowledging,
            consuming,
        })
    }
}

impl Connector for RabbitConnector {
    fn connect<'a>(&'a mut self, ears: Ears) -> BoxFuture<'a, Result<Connected, String>> {
        async move {
            let connected = self.try_to_connect(ears).await;
            let rabbit = connected.map_err(|error| explain(&error, &self.settings))?;
            Ok(Connected { link: Arc::new(rabbit), unbroken: false })
        }
        .boxed()
    }

    fn listens_by_room(&self) -> bool {
        false
    }
}

/// Returns the address, with what it leaves open.
fn uri(settings: &Settings) -> Result<AMQPUri, lapin::Error> {
    let mut url = settings.url.secret().clone();
    if url.path() == "/" {
        // A final slash means the usual virtual host, not one without a name.
        url.set_path("");
    }
    // The parser's words might repeat the password.
    let unreadable = |_| std::io::Error::other("[broker] url is not as RabbitMQ's has to be");
    let mut uri: AMQPUri = url.as_str().parse().map_err(unreadable)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    Ok(uri)
}

/// Declares everything exactly as high-templar 3.1 does; another declaration is answered 406.
async fn declare(
    channel: &Channel,
    settings: &Settings,
    queue: &str,
    node: &str,
) -> Result<(), lapin::Error> {
    let exchange = settings.exchange.as_str();
    let none = FieldTable::default;
    channel.basic_qos(settings.prefetch.max(1), BasicQosOptions::default()).await?;
    let options = ExchangeDeclareOptions::default();
    channel.exchange_declare(exchange.into(), ExchangeKind::Direct, options, none()).await?;
    let options = QueueDeclareOptions { exclusive: true, ..Default::default() };
    channel.queue_declare(queue.into(), options, none()).await?;
    for key in [TRIGGERS, NODES, node] {
        let options = QueueBindOptions::default();
        channel.queue_bind(queue.into(), exchange.into(), key.into(), options, none()).await?;
    }
    Ok(())
}

/// Hears until the connection ends.
async fn consume(
    mut consumer: lapin::Consumer,
    ears: Ears,
    acknowledging: Arc<Acknowledging>,
    node: String,
) {
    while let Some(delivery) = consumer.next().await {
        match delivery {
            Ok(delivery) => {
                acknowledging.waiting(true);
                ears.arrivals.wait_for_room().await;
                acknowledging.waiting(false);
                if hear(delivery, &ears, &acknowledging, &node).is_err() {
                    return ears.broken("the loops are too far behind (backlog_bytes_max)");
                }
            }
            Err(error) => return ears.broken(error.to_string()),
        }
    }
    ears.broken("RabbitMQ ended the consumer");
}

fn hear(
    delivery: Delivery,
    ears: &Ears,
    acknowledging: &Arc<Acknowledging>,
    node: &str,
) -> Result<(), crate::arrivals::NotTaken> {
    let taken = acknowledging.delivered(delivery.delivery_tag);
    let body = Bytes::from(delivery.data);
    match delivery.routing_key.as_str() {
        TRIGGERS => ears.arrivals.publication(body, taken),
        NODES => ears.arrivals.control(body),
        key if key == node => {
            ears.probe(crate::envelope::read_probe(&body));
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Rabbit {
    async fn say(&self, key: &str, body: &[u8]) -> Result<(), PublishError> {
        let unconfirmed = |error: lapin::Error| PublishError::Unconfirmed(error.to_string());
        let (exchange, options) = (self.exchange.as_str().into(), BasicPublishOptions::default());
        let properties = BasicProperties::default();
        let confirm =
            self.mouth.basic_publish(exchange, key.into(), options, body, properties).await;
        match confirm.map_err(unconfirmed)?.await.map_err(unconfirmed)? {
            Confirmation::Ack(_) | Confirmation::NotRequested => Ok(()),
            Confirmation::Nack(_) => {
                Err(PublishError::Unconfirmed(String::from("RabbitMQ answered with a nack")))
            }
        }
    }
}

impl Link for Rabbit {
    fn publish<'a>(&'a self, to: To<'a>, body: Bytes) -> BoxFuture<'a, Result<(), PublishError>> {
        let key = if to == To::Nodes { NODES } else { TRIGGERS };
        async move { self.say(key, &body).await }.boxed()
    }

    fn probe(&self, number: u64) -> BoxFuture<'_, Result<(), PublishError>> {
        async move { self.say(&self.node, number.to_string().as_bytes()).await }.boxed()
    }

    fn listen<'a>(&'a self, _topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }

    fn unlisten<'a>(&'a self, _topics: &'a [Arc<str>]) -> BoxFuture<'a, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }

    fn is_held_back(&self) -> bool {
        self.acknowledging.is_held_back()
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        self.consuming.abort();
    }
}
