//! The other end of the server's WebSockets, by another implementation than the server's.

use crate::stage::{PASSWORD, Stage};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long something may take that should be done at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A translator's or a browser's WebSocket.
pub(crate) struct Peer {
    websocket: WebSocketStream<TcpStream>,
    /// Whether the server has chosen `scram.v2`.
    pub(crate) is_v2: bool,
}

pub(crate) const OPEN: (&str, &str) = ("SCRAM_TRANSLATOR_AUTH", "open");
pub(crate) const BLOCK: &str = "/ws/route_manager/translator_block/";
pub(crate) const WEBUI: &str = "/ws/route_manager/webui_block/";

impl Peer {
    /// Opens a WebSocket, or returns the status with which that is refused.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Peer, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((websocket, response)) => {
                let chosen = response.headers().get("sec-websocket-protocol");
                let is_v2 = chosen.is_some_and(|chosen| chosen == "scram.v2");
                Ok(Peer { websocket, is_v2 })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens the WebSocket of a translator that knows nothing of `scram.v2` and shows nothing.
    pub(crate) async fn old(address: SocketAddr) -> Peer {
        Peer::let_in(address, &[]).await
    }

    /// Opens the WebSocket of a translator that speaks `scram.v2`.
    pub(crate) async fn v2(address: SocketAddr) -> Peer {
        let offer = ("Sec-WebSocket-Protocol", "other, scram.v2");
        let peer = Peer::let_in(address, &[offer]).await;
        assert!(peer.is_v2);
        peer
    }

    /// As a translator does, comes again while the server says 503: it may not have its Redis yet.
    async fn let_in(address: SocketAddr, headers: &[(&str, &str)]) -> Peer {
        let began = Instant::now();
        loop {
            match Peer::open(address, BLOCK, headers).await {
                Ok(peer) => return peer,
                Err(status) => assert!(status == 503 && began.elapsed() < PATIENCE, "{status}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Opens the WebSocket of a program that asks as a browser does, with a user's token.
    pub(crate) async fn browser(stage: &Stage, name: &str) -> Result<Peer, u16> {
        let token = format!("Token {}", stage.token(name).await);
        Peer::open(stage.address(), WEBUI, &[("Authorization", &token)]).await
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.say_text(&frame.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        // That the server has closed shows in what is heard.
        let _ = self.websocket.send(Message::text(text)).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        let _ = self.websocket.send(Message::binary(Bytes::copy_from_slice(bytes))).await;
    }

    pub(crate) async fn beat(&mut self, v4: u64, v6: u64) {
        let message = json!({"v4_count": v4, "v6_count": v6});
        self.say(json!({"type": "translator_heartbeat", "message": message})).await;
    }

    pub(crate) async fn ask(&mut self, route: &str) {
        let message = json!({"route": route, "row": "12"});
        self.say(json!({"type": "wui_check_req", "message": message})).await;
    }

    /// Waits for the next frame; none if the connection is closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        // The server's pings are not what is waited for.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = timeout_at(deadline, self.websocket.next()).await;
            match heard.expect("the server says something")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Value {
        self.next().await.expect("the connection is open")
    }

    /// Waits for the next frame that is no question: the comparison may ask at any time.
    pub(crate) async fn hear_told(&mut self) -> Value {
        loop {
            let heard = self.hear().await;
            if !["translator_state_request", "translator_check"]
                .iter()
                .any(|it| heard["type"] == *it)
            {
                return heard;
            }
        }
    }

    /// Waits for so many frames, and returns them as `type route`.
    pub(crate) async fn hear_lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            lines.push(line(&self.hear_told().await));
        }
        lines
    }

    /// Returns whether nothing but questions of the comparison comes for a moment.
    pub(crate) async fn hears_nothing(&mut self) -> bool {
        timeout(Duration::from_millis(700), self.hear_told()).await.is_err()
    }

    /// Waits until the server closes, and returns its code; 0 if it had none.
    pub(crate) async fn hear_close(&mut self) -> u16 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = timeout_at(deadline, self.websocket.next()).await;
            match heard.expect("the server closes") {
                Some(Ok(Message::Close(frame))) => return frame.map_or(0, |it| it.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 0,
            }
        }
    }

    pub(crate) async fn close(mut self) {
        let _ = self.websocket.close(None).await;
    }
}

/// Returns a frame as `type route`.
pub(crate) fn line(frame: &Value) -> String {
    let kind = frame["type"].as_str().unwrap();
    frame["message"]["route"].as_str().map_or(kind.to_owned(), |route| format!("{kind} {route}"))
}

/// Returns `translator_add route` for each.
pub(crate) fn adds(routes: &[&str]) -> Vec<String> {
    routes.iter().map(|route| format!("translator_add {route}")).collect()
}

/// Waits until something is so.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: not so after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Logs somebody in by the form, and returns the cookies.
pub(crate) async fn log_in(stage: &Stage, name: &str) -> String {
    let form = http(stage, "GET /auth/login/ HTTP/1.1\r\n", "").await;
    let csrf = cookies(&form);
    let token = csrf.split("csrftoken=").nth(1).unwrap().split(';').next().unwrap();
    let body = format!(
        "username={name}&password={}&csrfmiddlewaretoken={token}",
        PASSWORD.replace(' ', "+")
    );
    let head = format!(
        "POST /auth/login/ HTTP/1.1\r\nCookie: {csrf}\r\nOrigin: http://{}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        stage.address(),
        body.len()
    );
    let answer = http(stage, &head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    cookies(&answer)
}

fn cookies(answer: &str) -> String {
    let set = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let set: Vec<&str> = set.map(|line| line.split(';').next().unwrap()).collect();
    set.join("; ")
}

async fn http(stage: &Stage, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(stage.address()).await.unwrap();
    let request = format!("{head}Host: {}\r\nConnection: close\r\n\r\n{body}", stage.address());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
