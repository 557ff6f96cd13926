//! Two who talk: one says something, the other answers when it has come.

use crate::servers::Servers;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A conversation's two sockets.
pub(crate) struct Chat {
    sides: [WebSocketStream<TcpStream>; 2],
    said: usize,
}

/// What is said, besides a number: about 100 bytes.
const TEXT: &str =
    "It is a mild evening, and we could go down to the river and look at the boats again";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens the sockets of all conversations.
pub(crate) async fn open(server: &Servers) -> Vec<Chat> {
    let mut chats = Vec::with_capacity(server.conversations.len());
    for (path, [one, other]) in &server.conversations {
        let one = socket(server, path, one.as_deref()).await;
        let other = socket(server, path, other.as_deref()).await;
        chats.push(Chat { sides: [one, other], said: 0 });
    }
    chats
}

async fn socket(server: &Servers, path: &str, shows: Option<&str>) -> WebSocketStream<TcpStream> {
    let url = format!("ws://{}{path}", server.address);
    let mut request = url.into_client_request().expect("it is a URL");
    if let Some(shows) = shows {
        let value = shows.parse().expect("it is a header's value");
        request.headers_mut().insert("authorization", value);
    }
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.set_nodelay(true).expect("it is a TCP socket");
    client_async(request, stream).await.expect("it is let in").0
}

/// Has all conversations talk, each as fast as it goes. Returns how long each message took to the other
/// side.
pub(crate) async fn as_fast_as_it_goes(chats: &mut [Chat], length: Duration) -> Vec<Duration> {
    let until = Instant::now() + length;
    let talking = chats.iter_mut().map(|chat| async move {
        let mut times = Vec::new();
        while Instant::now() < until {
            times.push(chat.say().await);
        }
        times
    });
    futures_util::future::join_all(talking).await.concat()
}

/// Has the conversations talk in turn, so many messages a second all together.
pub(crate) async fn at_a_rate(chats: &mut [Chat], rate: u32, length: Duration) -> Vec<Duration> {
    let (began, count) = (Instant::now(), chats.len());
    let each = Duration::from_secs(1) / rate * u32::try_from(count).unwrap_or(u32::MAX);
    let talking = chats.iter_mut().enumerate().map(|(place, chat)| async move {
        let mut times = Vec::new();
        let mut due = began + each / u32::try_from(count).unwrap_or(1) * place as u32;
        while due < began + length {
            tokio::time::sleep_until(due.into()).await;
            times.push(chat.say().await);
            due += each;
        }
        times
    });
    futures_util::future::join_all(talking).await.concat()
}

impl Chat {
    /// Has the one whose turn it is say something. Returns how long it took to the other side.
    async fn say(&mut self) -> Duration {
        let turn = self.said % 2;
        self.said += 1;
        let text = format!("{} {TEXT}", self.said);
        let frame = json!({ "type": "add", "message": text }).to_string();
        let began = Instant::now();
        self.sides[turn].send(Message::text(frame)).await.expect("it is open");
        hear(&mut self.sides[1 - turn], &text).await;
        let took = began.elapsed();
        // The sender hears it, too; that is its acknowledgement.
        hear(&mut self.sides[turn], &text).await;
        took
    }
}

async fn hear(socket: &mut WebSocketStream<TcpStream>, text: &str) {
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await.expect("it comes in time");
        let Message::Text(frame) = next.expect("it is open").expect("it is open") else { continue };
        let frame: Value = serde_json::from_str(&frame).expect("it is JSON");
        assert!(frame["type"] != "error", "{frame}");
        if frame["type"] == "chat_message" && frame["message"] == text {
            return;
        }
    }
}
