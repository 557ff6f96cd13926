//! A chat: `cargo run -p campanile-consumer --example chat`, then open http://127.0.0.1:8000/ twice.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Json, Refusal, Scope, Server, consumer,
};
use serde::{Deserialize, Serialize};

/// One client in a room.
struct Chat {
    group: String,
    name: String,
}

/// What a client says.
#[derive(Deserialize)]
struct Said {
    text: String,
}

/// What a room hears: the event on the channel layer, and the JSON that clients get.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Heard {
    #[serde(rename = "chat.message")]
    Message { name: String, text: String },
    #[serde(rename = "chat.left")]
    Left { name: String },
}

impl Consumer for Chat {
    type User = ();
    type Request = Json<Said>;
    type Event = Heard;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        #[derive(Deserialize)]
        struct Query {
            name: String,
        }
        let Query { name } = scope.query_as()?;
        let group = format!("chat.{}", scope.param("room")?);
        context.group_add(&group).await?;
        Ok(Accept::new(Chat { group, name }))
    }

    async fn receive(
        &mut self,
        Json(said): Json<Said>,
        context: &mut Context<Self>,
    ) -> Result<(), Close> {
        let message = Heard::Message { name: self.name.clone(), text: said.text };
        context.group_send(&self.group, &message).await?;
        Ok(())
    }

    async fn event(&mut self, heard: Heard, context: &mut Context<Self>) -> Result<(), Close> {
        context.send(Json(heard)).await?;
        Ok(())
    }

    async fn disconnect(self, _: CloseCode, context: &mut Context<Self>) {
        // Nobody is left to tell if that fails.
        let _ = context.group_send(&self.group, &Heard::Left { name: self.name }).await;
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let server = Server::builder().start()?;
    let router = Router::new()
        .route("/", get(async || Html(include_str!("chat.html"))))
        .route("/ws/chat/{room}/", consumer::<Chat>())
        .layer(server.extension())
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    tracing::info!("open http://127.0.0.1:8000/ in two windows");
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            // An application that cannot hear of Ctrl-C ends by itself.
            let _ = tokio::signal::ctrl_c().await;
            server.shutdown(Duration::from_secs(10)).await;
        })
        .await
}
