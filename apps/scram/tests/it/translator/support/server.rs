//! A stub of the server: a WebSocket for translators, by another implementation than the translator's.

use super::PATIENCE;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Where translators connect to.
pub(crate) struct Server {
    listener: TcpListener,
    /// Where it speaks TLS.
    tls: Option<TlsAcceptor>,
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One translator's WebSocket.
pub(crate) struct Peer {
    websocket: WebSocketStream<Box<dyn Stream>>,
    /// The path that was asked for.
    pub(crate) path: String,
    /// The headers of the request.
    pub(crate) headers: HeaderMap,
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls: None }
    }

    /// Starts one that speaks TLS, and returns the certificate that it is to be trusted by.
    pub(crate) async fn start_with_tls() -> (Server, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let tls = Some(TlsAcceptor::from(Arc::new(config)));
        (Server { tls, ..Server::start().await }, made.cert.pem())
    }

    pub(crate) fn url(&self) -> String {
        let address = self.listener.local_addr().unwrap();
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{address}/ws/route_manager/translator_block/")
    }

    /// Waits for a translator, and speaks with it as SCRAM 1.5 does.
    pub(crate) async fn accept(&self) -> Peer {
        self.accept_with(None).await
    }

    /// Waits for a translator, and chooses `scram.v2`.
    pub(crate) async fn accept_v2(&self) -> Peer {
        self.accept_with(Some("scram.v2")).await
    }

    /// Waits for a translator, and refuses it.
    pub(crate) async fn refuse(&self, status: StatusCode) {
        let stream = self.stream().await;
        #[expect(clippy::result_large_err, reason = "so the handshake wants it")]
        let refuse = |_: &Request, _: Response| {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = status;
            Err(refusal)
        };
        assert!(tokio_tungstenite::accept_hdr_async(stream, refuse).await.is_err());
    }

    async fn accept_with(&self, protocol: Option<&'static str>) -> Peer {
        let stream = self.stream().await;
        let (mut path, mut headers) = (String::new(), HeaderMap::new());
        #[expect(clippy::result_large_err, reason = "so the handshake wants it")]
        let look = |request: &Request, mut response: Response| {
            request.uri().path().clone_into(&mut path);
            headers.clone_from(request.headers());
            if let Some(chosen) = protocol.map(HeaderValue::from_static) {
                response.headers_mut().insert("Sec-WebSocket-Protocol", chosen);
            }
            Ok(response)
        };
        let websocket = tokio_tungstenite::accept_hdr_async(stream, look).await.unwrap();
        Peer { websocket, path, headers }
    }

    /// Waits for a translator that does not trust the server's certificate.
    pub(crate) async fn is_hung_up_on(&self) -> bool {
        let accepted = timeout(PATIENCE, self.listener.accept()).await;
        let stream = accepted.expect("a translator connects").unwrap().0;
        let Some(tls) = &self.tls else { return false };
        match tls.accept(stream).await {
            Err(_) => true,
            // With TLS 1.3 a server is done before it hears what the client thinks.
            Ok(mut stream) => tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await.is_err(),
        }
    }

    async fn stream(&self) -> Box<dyn Stream> {
        let accepted = timeout(PATIENCE, self.listener.accept()).await;
        let stream = accepted.expect("a translator connects").unwrap().0;
        match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.accept(stream).await.unwrap()),
        }
    }
}

impl Peer {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.websocket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.websocket.send(Message::binary(Bytes::copy_from_slice(bytes))).await.unwrap();
    }

    pub(crate) async fn add(&mut self, message: Value) {
        self.send(json!({"type": "translator_add", "message": message})).await;
    }

    pub(crate) async fn remove(&mut self, route: &str) {
        self.send(json!({"type": "translator_remove", "message": {"route": route}})).await;
    }

    /// Waits for the next message of the translator.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let heard = timeout(PATIENCE, self.websocket.next()).await;
            match heard.expect("the translator says something").expect("it is there").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("the translator closes: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Waits for the next message that is no heartbeat.
    pub(crate) async fn hear_answer(&mut self) -> Value {
        loop {
            let heard = self.hear().await;
            if heard["type"] != "translator_heartbeat" {
                return heard;
            }
        }
    }

    /// Asks whether a route is announced.
    pub(crate) async fn is_blocked(&mut self, route: &str) -> bool {
        self.send(json!({"type": "translator_check", "message": {"route": route}})).await;
        self.hear_answer().await["message"]["is_blocked"].as_bool().unwrap()
    }

    /// Waits until the translator closes, and returns its code.
    pub(crate) async fn hear_close(&mut self) -> u16 {
        loop {
            let heard = timeout(PATIENCE, self.websocket.next()).await;
            let heard = heard.expect("the translator closes").expect("with a frame").unwrap();
            if let Message::Close(frame) = heard {
                return frame.expect("with a code").code.into();
            }
        }
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.websocket.close(Some(frame)).await.unwrap();
    }

    pub(crate) async fn ping(&mut self) {
        self.websocket.send(Message::Ping(Bytes::from_static(b"?"))).await.unwrap();
        loop {
            let heard = timeout(PATIENCE, self.websocket.next()).await;
            if let Message::Pong(_) = heard.expect("a pong comes").unwrap().unwrap() {
                return;
            }
        }
    }
}
