//! Real sockets, and clients of another make.

use std::time::Duration;

use axum::Router;
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Json, Refusal, Scope, Server, consumer,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Chat {
    room: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "chat.message")]
    Message { text: String },
}

impl Consumer for Chat {
    type User = ();
    type Request = String;
    type Event = Event;

    async fn connect(
        scope: Scope<()>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        let room = format!("chat.{}", scope.param("room")?);
        context.group_add(&room).await?;
        context.send("welcome").await?;
        Ok(Accept::new(Chat { room }))
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        match &*text {
            "panic" => panic!("as it was asked to"),
            "close" => Err(Close::new(CloseCode::POLICY, "as you wish")),
            _ => {
                context.group_send(&self.room, &Event::Message { text }).await?;
                Ok(())
            }
        }
    }

    async fn event(&mut self, event: Event, context: &mut Context<Self>) -> Result<(), Close> {
        context.send(Json(event)).await?;
        Ok(())
    }
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve() -> (Server, String) {
    let server = Server::builder().loops(2).start().expect("loops");
    let router = Router::new().route("/ws/{room}/", consumer::<Chat>()).layer(server.extension());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (server, format!("ws://{address}"))
}

async fn receive(client: &mut Client) -> Message {
    let next = tokio::time::timeout(Duration::from_secs(30), client.next()).await;
    next.expect("in time").expect("a message").expect("no error")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_chat() {
    let (server, url) = serve().await;
    let (mut ada, _) = connect_async(format!("{url}/ws/lobby/")).await.unwrap();
    let (mut bob, _) = connect_async(format!("{url}/ws/lobby/")).await.unwrap();
    assert_eq!(receive(&mut ada).await, Message::from("welcome"));
    assert_eq!(receive(&mut bob).await, Message::from("welcome"));
    ada.send(Message::from("hello")).await.unwrap();
    let expected = Message::from(r#"{"type":"chat.message","text":"hello"}"#);
    assert_eq!(receive(&mut ada).await, expected);
    assert_eq!(receive(&mut bob).await, expected);
    assert_eq!(server.shutdown(Duration::from_secs(10)).await, 0);
    let Message::Close(Some(close)) = receive(&mut ada).await else { panic!("a close") };
    assert_eq!(u16::from(close.code), 1001);
}
