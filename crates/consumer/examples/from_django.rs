//! A consumer on the same Redis as a Django project's, as `docs/from-django-channels.md` shows it:
//! `cargo run -p campanile-consumer --example from_django -- redis://127.0.0.1:6379/0 127.0.0.1:8001`.

use axum::Router;
use campanile_consumer::layer::{RedisLayer, RedisSettings};
use campanile_consumer::{
    Accept, AllowedOrigins, Close, Consumer, Context, Json, Refusal, Scope, Server, consumer,
};
use serde::{Deserialize, Serialize};

struct Chat {
    group: String,
}

#[derive(Deserialize)]
struct Request {
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "chat.message")]
    ChatMessage { text: String },
}

#[derive(Serialize)]
struct Reply {
    text: String,
}

impl Consumer for Chat {
    type User = ();
    type Request = Json<Request>;
    type Event = Event;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let group = format!("chat_{}", scope.param("room")?);
        context.group_add(&group).await?;
        Ok(Accept::new(Chat { group }).subprotocol("chat"))
    }

    async fn receive(
        &mut self,
        Json(request): Json<Request>,
        context: &mut Context<Self>,
    ) -> Result<(), Close> {
        context.group_send(&self.group, &Event::ChatMessage { text: request.text }).await?;
        Ok(())
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        match event {
            Event::ChatMessage { text } => context.send(Json(Reply { text })).await?,
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [redis, address] = &arguments[..] else { return Err("REDIS_URL ADDRESS".into()) };
    let settings = RedisSettings { hosts: vec![redis.parse()?], ..RedisSettings::default() };
    let server = Server::builder()
        .layer(RedisLayer::connect(settings).await?)
        .allowed_origins(AllowedOrigins::these(["localhost", "127.0.0.1"]))
        .start()?;
    let router =
        Router::new().route("/ws/chat/{room}/", consumer::<Chat>()).layer(server.extension());
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?;
    Ok(())
}
