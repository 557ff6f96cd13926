//! A chat whose other half is a Django application, on the same Redis: who is connected here and who
//! is connected there are in the same rooms. The other half is in `tests/python/django_chat`.
//!
//! ```text
//! cargo run -p campanile-consumer --example beside_django -- \
//!     '{"listen": "127.0.0.1:8001", "layer": "core", "hosts": ["redis://localhost:6379/0"]}'
//! ```

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use campanile_consumer::layer::redis::SecretKeys;
use campanile_consumer::layer::{Layer, RedisLayer, RedisPubSubLayer, RedisSettings};
use campanile_consumer::{
    Accept, Close, Consumer, Context, Json, Refusal, Scope, Server, consumer,
};
use serde::{Deserialize, Serialize};

/// What has to be as Django's `CHANNEL_LAYERS` says it.
#[derive(Deserialize)]
struct Config {
    listen: String,
    /// `core` for Django's `RedisChannelLayer`, `pubsub` for its `RedisPubSubChannelLayer`.
    layer: String,
    hosts: Vec<String>,
    #[serde(default)]
    symmetric_encryption_keys: Vec<String>,
}

/// One client in a room.
struct Chat {
    group: String,
}

/// What a client says: to its room, or to one channel.
#[derive(Deserialize)]
struct Said {
    text: String,
    to: Option<String>,
}

/// What goes over the channel layer: in Django, methods with these names hear it.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "chat.message")]
    Message { text: String },
    #[serde(rename = "chat.whisper")]
    Whisper { text: String },
}

/// What a client hears.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Heard<'a> {
    Channel(&'a str),
    Message(String),
    Whisper(String),
}

impl Consumer for Chat {
    type User = ();
    type Request = Json<Said>;
    type Event = Event;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let group = format!("chat_{}", scope.param("room")?);
        context.group_add(&group).await?;
        let channel = context.channel_name().to_owned();
        // A client that has gone meanwhile needs no channel.
        let _ = context.send(Json(Heard::Channel(&channel))).await;
        Ok(Accept::new(Chat { group }))
    }

    async fn receive(
        &mut self,
        Json(Said { text, to }): Json<Said>,
        context: &mut Context<Self>,
    ) -> Result<(), Close> {
        match to {
            Some(channel) => context.send_to(&channel, &Event::Whisper { text }).await?,
            None => drop(context.group_send(&self.group, &Event::Message { text }).await?),
        }
        Ok(())
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        let heard = match event {
            Event::Message { text } => Heard::Message(text),
            Event::Whisper { text } => Heard::Whisper(text),
        };
        context.send(Json(heard)).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let config = std::env::args().nth(1).ok_or("usage: beside_django CONFIG_JSON")?;
    let config: Config = serde_json::from_str(&config)?;
    let server = Server::builder().shared_layer(layer(&config).await?).start()?;
    let router =
        Router::new().route("/ws/chat/{room}/", consumer::<Chat>()).layer(server.extension());
    axum::serve(tokio::net::TcpListener::bind(&config.listen).await?, router).await?;
    Ok(())
}

async fn layer(config: &Config) -> Result<Layer, Box<dyn Error>> {
    let settings = RedisSettings {
        hosts: config.hosts.iter().map(|url| url.parse()).collect::<Result<_, _>>()?,
        symmetric_encryption_keys: SecretKeys::new(config.symmetric_encryption_keys.clone()),
        ..RedisSettings::default()
    };
    match config.layer.as_str() {
        "core" => Ok(Arc::new(RedisLayer::connect(settings).await?)),
        "pubsub" => Ok(Arc::new(RedisPubSubLayer::connect(settings).await?)),
        other => Err(format!("there is no layer {other:?}").into()),
    }
}
