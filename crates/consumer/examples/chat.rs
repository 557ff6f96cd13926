//! A small chat, as `docs/consumers.md` builds it step by step.
//!
//! `cargo run -p campanile-consumer --example chat`, then <http://127.0.0.1:8000/> in two tabs.

use std::net::SocketAddr;

use axum::{Router, extract::Query, response::Html, routing::get};
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Json, Refusal, Scope, consumer,
};
use serde::{Deserialize, Serialize};

/// One visitor of a room.
struct Chat {
    room: String,
    name: String,
}

/// Who a visitor says they are: `?name=ada`.
#[derive(Deserialize)]
struct Visitor {
    name: String,
}

/// What a browser sends: `{"text": "hello"}`.
#[derive(Deserialize)]
struct Say {
    text: String,
}

/// What happens in a room, as its group sends it and as browsers get it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "chat.said")]
    Said { name: String, text: String },
    #[serde(rename = "chat.left")]
    Left { name: String },
}

impl Consumer for Chat {
    type User = Query<Visitor>;
    type Request = Json<Say>;
    type Event = Event;

    async fn connect(
        scope: Scope<Query<Visitor>>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let room = format!("chat.{}", scope.param("room")?);
        context.group_add(&room).await?;
        Ok(Accept::new(Chat { room, name: scope.user.0.name }))
    }

    async fn receive(&mut self, say: Json<Say>, context: &mut Context<Self>) -> Result<(), Close> {
        let event = Event::Said { name: self.name.clone(), text: say.0.text };
        context.group_send(&self.room, &event).await?;
        Ok(())
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        context.send(Json(event)).await?;
        Ok(())
    }

    async fn disconnect(self, _: CloseCode, context: &mut Context<Self>) {
        let _ = context.group_send(&self.room, &Event::Left { name: self.name }).await;
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let router = Router::new()
        .route("/", get(Html(include_str!("chat.html"))))
        .route("/ws/chat/{room}/", consumer::<Chat>())
        .into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8000").await?, router).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_consumer::Server;
    use campanile_consumer::testing::{self, Communicator, Connected};

    async fn enter(server: &Server, target: &str) -> Result<Connected, Refusal> {
        Communicator::<Chat>::new(target).path("/ws/chat/{room}/").server(server).connect().await
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_says_all_in_the_room_hear() {
        let server = testing::server();
        let mut ada = enter(&server, "/ws/chat/lobby/?name=Ada").await.expect("she is let in");
        let mut bob = enter(&server, "/ws/chat/lobby/?name=Bob").await.expect("he is let in");
        let mut eve = enter(&server, "/ws/chat/attic/?name=Eve").await.expect("she is let in");

        ada.send(r#"{"text": "hello"}"#).await;
        let said = Json(Event::Said { name: "Ada".into(), text: "hello".into() });
        assert_eq!(ada.receive::<Json<Event>>().await, said);
        assert_eq!(bob.receive::<Json<Event>>().await, said);
        assert!(eve.receive_nothing().await);

        ada.disconnect().await;
        assert_eq!(bob.receive::<Json<Event>>().await, Json(Event::Left { name: "Ada".into() }));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_no_name_is_not_let_in() {
        let refusal = enter(&testing::server(), "/ws/chat/lobby/").await.expect_err("no name");
        assert_eq!(refusal.status(), 400);
    }
}
