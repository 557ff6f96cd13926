//! A client: the wire crate's websocket on a socket.

use super::plan::Target;
use super::tls;
use campanile_wire::deflate::Settings;
use campanile_wire::handshake::{Accepted, ClientHandshake, ClientRequest, HandshakeError, Limits};
use campanile_wire::{CloseCode, Closed, Config, Event, Kind, MaskKeys, Role, Scratch, WebSocket};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The subprotocol that is asked for.
pub(super) const V1: &str = "campanile.v1";

/// How long the answer to the handshake may take: the backend is asked before it is given.
const OPEN_WITHIN: Duration = Duration::from_secs(40);
/// How long the body of a refusal is waited for, and how much of it is read.
const BODY_WITHIN: Duration = Duration::from_secs(1);
const BODY_BYTES_MAX: usize = 4_096;

/// How long a goodbye is waited for.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

const READ_BYTES: usize = 16 << 10;
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The way to the target, which was found to be open.
#[derive(Clone)]
pub(super) struct Road {
    pub(super) address: SocketAddr,
    pub(super) tls: Option<TlsConnector>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What came as the answer to a handshake.
pub(super) struct Opened {
    /// What a proxy may have had a hand in.
    pub(super) head: Head,
    /// What was agreed, and the open line, or why there is none.
    pub(super) outcome: Result<(Accepted, Line), HandshakeError>,
}

/// An open WebSocket.
pub(super) struct Line {
    stream: Box<dyn Stream>,
    websocket: WebSocket,
    scratch: Scratch,
    heard: VecDeque<String>,
}

/// What there was to hear.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message.
    Text(String),
    /// Nothing, for all that time.
    Nothing,
    /// The end of the connection.
    End(Closed),
}

/// Opens a WebSocket, or is refused.
///
/// # Errors
///
/// When there was no whole answer.
pub(super) async fn open(
    road: &Road,
    target: &Target,
    path: &str,
    headers: &[(&str, &str)],
) -> io::Result<Opened> {
    within(OPEN_WITHIN, async {
        let tcp = TcpStream::connect(road.address).await?;
        tcp.set_nodelay(true)?;
        let mut stream: Box<dyn Stream> = match &road.tls {
            Some(connector) => Box::new(tls::connect(connector, &target.host, tcp).await?),
            None => Box::new(tcp),
        };
        let request = ClientRequest {
            host: &target.authority,
            target: path,
            protocols: &[V1],
            headers,
            deflate: Some(Settings::default()),
            key: random()?,
        };
        let mut output = Vec::new();
        let handshake = ClientHandshake::new(&request, &Limits::default(), &mut output);
        let handshake = handshake.map_err(io::Error::other)?;
        stream.write_all(&output).await?;
        answered(stream, handshake).await
    })
    .await
}

async fn answered(
    mut stream: Box<dyn Stream>,
    mut handshake: ClientHandshake,
) -> io::Result<Opened> {
    let (mut came, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        came.extend_from_slice(&buffer[..length]);
        match handshake.receive(&buffer[..length]) {
            Ok(None) => {}
            Ok(Some((accepted, early))) => {
                let line = Line::new(stream, &accepted, &mut early.to_vec())?;
                return Ok(Opened { head: Head::read(&came), outcome: Ok((accepted, line)) });
            }
            Err(error) => {
                let _ = tokio::time::timeout(BODY_WITHIN, read_body(&mut stream, &mut came)).await;
                return Ok(Opened { head: Head::read(&came), outcome: Err(error) });
            }
        }
    }
}

/// Reads on for what a refusal says, until the end or until that is enough to show.
async fn read_body(stream: &mut Box<dyn Stream>, came: &mut Vec<u8>) {
    let mut buffer = vec![0; BODY_BYTES_MAX];
    while came.len() < BODY_BYTES_MAX {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => came.extend_from_slice(&buffer[..length]),
        }
    }
}

impl Line {
    fn new(stream: Box<dyn Stream>, accepted: &Accepted, early: &mut [u8]) -> io::Result<Line> {
        let config = Arc::new(Config {
            role: Role::Client,
            frame_bytes_max: MESSAGE_BYTES_MAX as u64,
            message_bytes_max: MESSAGE_BYTES_MAX,
            // Whether a quiet line lives is what is tested.
            ping_every: None,
            mask_keys: MaskKeys::new(random()?),
            ..Config::default()
        });
        let websocket = WebSocket::new(&config, accepted.deflate, Instant::now());
        let mut line = Line { stream, websocket, scratch: Scratch::new(), heard: VecDeque::new() };
        line.take_in(early);
        Ok(line)
    }

    /// Sends a message. That the line is gone shows in what is heard.
    pub(super) async fn say(&mut self, text: &str) {
        let mut output = Vec::new();
        let payload = [text.as_bytes()];
        if self.websocket.send(Kind::Text, &payload, &mut self.scratch, &mut output).is_ok() {
            let _ = self.stream.write_all(&output).await;
        }
    }

    /// Waits for the next message, or the end, for at most so long. Pings are answered.
    pub(super) async fn hear(&mut self, within: Duration) -> Heard {
        let deadline = tokio::time::Instant::now() + within;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if let Some(text) = self.heard.pop_front() {
                return Heard::Text(text);
            }
            if let Some(closed) = self.websocket.closed() {
                return Heard::End(closed.clone());
            }
            match tokio::time::timeout_at(deadline, self.stream.read(&mut buffer)).await {
                Err(_) => return Heard::Nothing,
                Ok(Ok(0) | Err(_)) => self.websocket.end_of_stream(),
                Ok(Ok(length)) => {
                    self.take_in(&mut buffer[..length]);
                    self.answer().await;
                }
            }
        }
    }

    /// Says goodbye, so that it does not count as cut at the other end.
    pub(super) async fn leave(mut self) {
        self.websocket.close(CloseCode::NORMAL, "", Instant::now());
        self.answer().await;
        while let Heard::Text(_) = self.hear(LEAVE_WITHIN).await {}
    }

    /// Hangs up; returns the end.
    pub(super) fn give_up(&mut self) -> Closed {
        self.websocket.end_of_stream();
        self.websocket.closed().cloned().expect("the end of the stream ends a websocket")
    }

    fn take_in(&mut self, bytes: &mut [u8]) {
        let mut received = self.websocket.receive(bytes, &mut self.scratch, Instant::now());
        while let Some(event) = received.next() {
            if let Event::Text(text) = event {
                self.heard.push_back(text.to_owned());
            }
        }
    }

    async fn answer(&mut self) {
        let mut output = Vec::new();
        self.websocket.poll_output(&mut output);
        if !output.is_empty() {
            let _ = self.stream.write_all(&output).await;
        }
    }
}

/// The head of an answer, and how its body begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    headers: Vec<(String, String)>,
    /// The first line of the body that says something.
    pub(super) says: String,
}

impl Head {
    pub(super) fn read(answer: &[u8]) -> Head {
        let text = String::from_utf8_lossy(answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Head { headers: headers.collect(), says: first_words(body) }
    }

    /// Returns the first header of that name (in lower case).
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns who answered, by the headers `Server` and `Via`, in brackets; nothing if they are not
    /// there, as with campanile itself.
    pub(super) fn by(&self) -> String {
        let names = [self.header("server"), self.header("via")];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        if names.is_empty() { String::new() } else { format!(" (by {})", names.join(", via ")) }
    }
}

/// Returns the text of a body's first line that is more than HTML, shortened.
fn first_words(body: &str) -> String {
    let (mut words, mut is_tag) = (String::new(), false);
    for letter in body.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            '\n' if !words.trim().is_empty() => break,
            letter if !is_tag && !letter.is_control() => words.push(letter),
            _ => {}
        }
    }
    words.trim().chars().take(120).collect()
}

/// Waits for something for at most so long.
pub(super) async fn within<T>(
    time: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let timed_out = || io::Error::new(io::ErrorKind::TimedOut, "it took too long");
    tokio::time::timeout(time, work).await.map_err(|_| timed_out())?
}

/// Returns bytes that nobody can foretell.
pub(super) fn random<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
