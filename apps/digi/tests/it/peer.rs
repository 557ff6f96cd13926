//! The other end of the server's WebSockets, by another implementation than the server's.

use crate::stage::Answer;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long something may take that should be done at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A browser's WebSocket, and the first frame where that was waited for.
pub(crate) struct Peer(WebSocketStream<TcpStream>, Option<Value>);

impl Peer {
    /// Opens a WebSocket, or returns the answer that refuses it.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Peer, Answer> {
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request(address, path, headers), stream).await {
            Ok((websocket, _)) => Ok(Peer(websocket, None)),
            Err(Error::Http(response)) => {
                let status = response.status().as_u16();
                let mut head: Vec<String> = response
                    .headers()
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect();
                head.sort();
                let body = response.into_body().unwrap_or_default();
                let body = String::from_utf8(body).unwrap();
                Err(Answer { status, head: head.join("\n"), body })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a WebSocket, if somebody listens there until it is open.
    pub(crate) async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Option<Peer> {
        let stream = TcpStream::connect(address).await.ok()?;
        let request = request(address, path, headers);
        client_async(request, stream).await.ok().map(|(websocket, _)| Peer(websocket, None))
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.say_text(&frame.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.say_message(Message::text(text)).await;
    }

    pub(crate) async fn say_message(&mut self, message: Message) {
        // That the server has closed shows in what is heard.
        let _ = self.0.send(message).await;
    }

    /// Writes bytes past the protocol.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes).await;
    }

    /// Hears the next frame of any kind, or the code with which the socket is closed.
    pub(crate) async fn next(&mut self) -> Result<Value, u16> {
        let hearing = self.next_whenever();
        timeout(PATIENCE, hearing).await.expect("something comes in time")
    }

    /// Waits for the first frame, which is heard next all the same: what is said from now on is heard.
    pub(crate) async fn greeted(mut self) -> Peer {
        self.1 = self.next().await.ok();
        self
    }

    /// The same, however long it takes: others may have to talk first.
    pub(crate) async fn next_whenever(&mut self) -> Result<Value, u16> {
        if let Some(first) = self.1.take() {
            return Ok(first);
        }
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// Hears the next frame that is none of who is here: these come when they come.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let frame = self.next().await.expect("it is open");
            if frame["type"] != "presence" {
                return frame;
            }
        }
    }

    /// Hears the next frame of this type, whatever comes before.
    pub(crate) async fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.expect("it is open");
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Returns the code with which the socket is closed, whatever comes before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Hears everything up to this message, and it: who hears it has heard all that was said before.
    /// Without who is here.
    pub(crate) async fn hear_until(&mut self, message: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await;
            let is_last = frame["message"] == message;
            heard.push(frame);
            if is_last {
                return heard;
            }
        }
    }

    /// Adds a message, and waits until it comes back. Returns its frame.
    pub(crate) async fn add(&mut self, message: &str) -> Value {
        let add = json!({ "type": "add", "message": message });
        self.say(add.clone()).await;
        loop {
            let frame = self.hear().await;
            if frame["type"] == "chat_message" && frame["message"] == message {
                return frame;
            }
            if frame["type"] == "error" {
                // A busy machine may keep the database waiting for longer than the server does.
                assert_eq!(frame["code"], "unavailable", "{frame}");
                self.say(add.clone()).await;
            }
        }
    }

    /// Leaves as a page does that is closed.
    pub(crate) async fn leave(mut self) {
        let _ = self.0.close(None).await;
        while let Ok(Some(Ok(_))) = timeout(PATIENCE, self.0.next()).await {}
    }
}

fn request(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// Frames as a transcript: times as `…`, and ids by the order in which they were first seen.
#[derive(Default)]
pub(crate) struct Transcript {
    ids: HashMap<String, usize>,
}

impl Transcript {
    pub(crate) fn line(&mut self, frame: &Value) -> String {
        let mut frame = frame.clone();
        self.tame(&mut frame);
        frame.to_string()
    }

    pub(crate) fn lines(&mut self, frames: &[Value]) -> String {
        frames.iter().map(|frame| self.line(frame) + "\n").collect()
    }

    fn tame(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let is_time = ["server_time", "sent_at", "edited_at", "read_at", "last_seen"];
                    if is_time.contains(&name.as_str()) && value.is_string() {
                        *value = "…".into();
                    }
                    self.tame(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.tame(value)),
            Value::String(text) if text.starts_with("/ws/chat/") => *text = "/ws/chat/…/".into(),
            Value::String(text) if text.len() == 136 => {
                let next = self.ids.len() + 1;
                let number = *self.ids.entry(text.clone()).or_insert(next);
                *text = format!("id{number}");
            }
            _ => {}
        }
    }
}
