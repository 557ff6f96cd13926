//! Triggers by RabbitMQ, over a connection that is kept, each confirmed.
//!
//! Like django-binder, it declares nothing: the gateways do.

use super::way::{Failure, Told, Way};
use crate::Trigger;
use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

/// The routing key of triggers. In a direct exchange it is no wildcard.
const ROUTING_KEY: &str = "*";

/// A RabbitMQ that gateways listen on.
pub(super) struct RabbitMq {
    uri: AMQPUri,
    exchange: String,
    open: Option<(Connection, Channel)>,
}

impl RabbitMq {
    /// Makes the way to RabbitMQ, which it connects to when it has something to tell.
    pub(super) fn new(uri: AMQPUri, exchange: String) -> RabbitMq {
        RabbitMq { uri, exchange, open: None }
    }

    async fn publish(&mut self, body: &[u8]) -> Result<Confirmation, lapin::Error> {
        // It is put back only if it is whole.
        let (connection, channel) = match self.open.take() {
            Some(open) => open,
            None => connect(&self.uri).await?,
        };
        let (exchange, key) = (self.exchange.as_str().into(), ROUTING_KEY.into());
        // What nobody listens for comes back, and counts.
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let properties = BasicProperties::default();
        let confirmed =
            channel.basic_publish(exchange, key, options, body, properties).await?.await?;
        self.open = Some((connection, channel));
        Ok(confirmed)
    }
}

async fn connect(uri: &AMQPUri) -> Result<(Connection, Channel), lapin::Error> {
    let connection = Connection::connect_uri(uri.clone(), ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

#[async_trait]
impl Way for RabbitMq {
    async fn tell(&mut self, trigger: &Trigger, _: &str) -> Result<Told, Failure> {
        match self.publish(trigger.to_json().as_bytes()).await {
            Ok(Confirmation::Ack(None) | Confirmation::NotRequested) => Ok(Told::Heard),
            Ok(Confirmation::Ack(Some(_))) => Ok(Told::Unheard),
            Ok(Confirmation::Nack(_)) => {
                Err(Failure::Later("RabbitMQ answered with a nack".to_owned(), None))
            }
            Err(error) => Err(Failure::Later(self.explain(&error), None)),
        }
    }
}

impl RabbitMq {
    /// Says what happened and what to do; never with the password.
    fn explain(&self, error: &lapin::Error) -> String {
        let (host, exchange) = (&self.uri.authority.host, &self.exchange);
        match error.kind() {
            lapin::ErrorKind::ProtocolError(refusal) => match refusal.get_id() {
                403 => format!("RabbitMQ on {host} refuses this user (403): check the URL"),
                404 => format!(
                    "RabbitMQ on {host} has no exchange {exchange} (404): a gateway that is \
                     connected to it declares it"
                ),
                530 => format!(
                    "RabbitMQ on {host} does not let this user into the virtual host (530): \
                     check the path of the URL"
                ),
                code => format!("RabbitMQ on {host} refused: {code} {}", refusal.get_message()),
            },
            _ => format!("RabbitMQ on {host}: {error}"),
        }
    }
}
