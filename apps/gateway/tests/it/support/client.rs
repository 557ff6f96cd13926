//! A client made of an independent implementation of WebSocket.

use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// How long anything may take that is bound to come.
const WITHIN: Duration = Duration::from_secs(60);

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(String),
    Binary(Vec<u8>),
    /// The gateway closed with this code; 1005 without one, 1006 without a close frame.
    Closed(u16),
}

/// What a connection is made of: TCP, or TLS on it.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// A connection to the gateway.
pub(crate) struct Client {
    stream: WebSocketStream<Box<dyn Line>>,
    closed: bool,
    /// The subprotocol that the gateway chose.
    pub(crate) protocol: Option<String>,
}

impl Client {
    /// Opens a connection, or returns the status with which the handshake was refused.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(String, String)],
    ) -> Result<Client, u16> {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        Client::open_on(stream, path, headers).await
    }

    /// Opens a WebSocket on a connection.
    pub(crate) async fn open_on(
        stream: impl Line + 'static,
        path: &str,
        headers: &[(String, String)],
    ) -> Result<Client, u16> {
        let mut request =
            format!("ws://campanile.test{path}").into_client_request().expect("a good address");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a good header name");
            request.headers_mut().append(name, HeaderValue::from_str(value).expect("a good value"));
        }
        let stream: Box<dyn Line> = Box::new(stream);
        let opening = tokio_tungstenite::client_async(request, stream);
        match tokio::time::timeout(WITHIN, opening).await.expect("the handshake is answered") {
            Ok((stream, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.and_then(|value| value.to_str().ok()).map(str::to_owned);
                Ok(Client { stream, closed: false, protocol })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("the handshake was answered by something else: {error}"),
        }
    }

    /// Makes a client of a stream whose handshake is done, with the bytes that came after it.
    pub(crate) async fn from_opened(stream: TcpStream, early: Vec<u8>) -> Client {
        let stream: Box<dyn Line> = Box::new(stream);
        let stream = WebSocketStream::from_partially_read(stream, early, Role::Client, None).await;
        Client { stream, closed: false, protocol: None }
    }

    /// Sends a text message.
    pub(crate) async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends a binary message.
    pub(crate) async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.send_message(Message::binary(bytes)).await;
    }

    async fn send_message(&mut self, message: Message) {
        // A connection that is gone shows in what is received.
        let _ = self.stream.send(message).await;
    }

    /// Waits for what comes next, for long enough: that nothing came is a failure.
    pub(crate) async fn next(&mut self) -> Option<Incoming> {
        loop {
            match self.frame().await? {
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                message => return Some(self.incoming(message)),
            }
        }
    }

    async fn frame(&mut self) -> Option<Message> {
        if self.closed {
            return None;
        }
        match tokio::time::timeout(WITHIN, self.stream.next()).await.ok()? {
            Some(Ok(message)) => Some(message),
            // However it ended, there was no close frame: 1006 is what a browser would say.
            Some(Err(_)) | None => {
                self.closed = true;
                Some(Message::Close(None))
            }
        }
    }

    fn incoming(&mut self, message: Message) -> Incoming {
        match message {
            Message::Text(text) => Incoming::Text(text.as_str().to_owned()),
            Message::Close(_) if self.closed => Incoming::Closed(1006),
            Message::Close(close) => {
                self.closed = true;
                Incoming::Closed(close.map_or(1005, |close| close.code.into()))
            }
            other => Incoming::Binary(other.into_data().to_vec()),
        }
    }

    /// Returns all that was under way to this client.
    ///
    /// A trigger that was answered lies in the mailbox of this client's loop, and a loop empties its mailbox in every
    /// turn. So when a ping sent now is answered, and a second one after it, the turn that read the first has ended.
    pub(crate) async fn settle(&mut self) -> Vec<Incoming> {
        let mut came = Vec::new();
        for round in [&b"first"[..], b"second"] {
            if self.closed {
                break;
            }
            self.send_message(Message::Ping(Bytes::from_static(round))).await;
            while let Some(message) = self.frame().await {
                match message {
                    Message::Pong(data) if data == round => break,
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    message => came.push(self.incoming(message)),
                }
            }
        }
        came
    }

    /// Closes with 1000 and completes the closing handshake; returns whether the gateway did its part.
    pub(crate) async fn close(&mut self) -> bool {
        let _ = self.stream.close(None).await;
        let answered = matches!(self.next().await, Some(Incoming::Closed(1000 | 1005)));
        // The gateway hangs up first, as RFC 6455, section 7.1.1 asks of servers.
        let end = tokio::time::timeout(WITHIN, self.stream.next()).await;
        answered && matches!(end, Ok(None | Some(Err(_))))
    }
}
