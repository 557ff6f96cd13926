//! The client's end of a WebSocket: the protocol of `campanile-wire` on a socket of tokio.

use super::super::settings::Secret;
use campanile_wire::deflate;
use campanile_wire::handshake::{Accepted, ClientHandshake, ClientRequest, HandshakeError, Limits};
use campanile_wire::{CloseCode, Closed, Config, Event, Kind, MaskKeys, Role, Scratch, WebSocket};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use url::Url;

/// The subprotocol of servers that say where a replay begins and ends.
pub(super) const V2: &str = "scram.v2";

/// How long it may take until the WebSocket is open.
const OPEN_WITHIN: Duration = Duration::from_secs(20);

/// How long a server that stopped reading is written to, and how long a goodbye is waited for.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// How much may wait to be written before no more answers are taken.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

const READ_BYTES: usize = 16 << 10;
const MESSAGE_BYTES_MAX: usize = 1 << 20;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An open WebSocket.
pub(super) struct Socket {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    websocket: WebSocket,
    scratch: Scratch,
    /// What came and was not looked at yet: no more than one reading holds.
    heard: VecDeque<String>,
    /// What waits to be written.
    output: Vec<u8>,
    input: Vec<u8>,
    /// The subprotocol that the server chose.
    pub(super) protocol: Option<String>,
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(super) enum OpenError {
    /// No server, or none that speaks.
    Io(io::Error),
    /// A server that did not want to.
    Refused(HandshakeError),
}

impl Socket {
    /// Opens a WebSocket.
    pub(super) async fn open(url: &Url, token: Option<&Secret>) -> Result<Socket, OpenError> {
        let opened = timeout(OPEN_WITHIN, Socket::open_slowly(url, token)).await;
        opened.unwrap_or_else(|_| Err(OpenError::Io(io::ErrorKind::TimedOut.into())))
    }

    async fn open_slowly(url: &Url, token: Option<&Secret>) -> Result<Socket, OpenError> {
        let mut stream = connect(url).await?;
        let mut output = Vec::new();
        let mut handshake = ask(url, token, &mut output)?;
        stream.write_all(&output).await?;
        let mut input = vec![0; READ_BYTES];
        loop {
            let length = stream.read(&mut input).await?;
            if length == 0 {
                return Err(OpenError::Io(io::ErrorKind::UnexpectedEof.into()));
            }
            let answer = handshake.receive(&input[..length]).map_err(OpenError::Refused)?;
            if let Some((accepted, early)) = answer {
                let early = early.to_vec();
                return Ok(Socket::new(stream, accepted, early, input)?);
            }
        }
    }

    fn new(
        stream: Box<dyn Stream>,
        accepted: Accepted,
        mut early: Vec<u8>,
        input: Vec<u8>,
    ) -> io::Result<Socket> {
        let config = Arc::new(Config {
            role: Role::Client,
            frame_bytes_max: MESSAGE_BYTES_MAX as u64,
            message_bytes_max: MESSAGE_BYTES_MAX,
            mask_keys: MaskKeys::new(random()?),
            ..Config::default()
        });
        let (reader, writer) = tokio::io::split(stream);
        let mut socket = Socket {
            reader,
            writer,
            websocket: WebSocket::new(&config, accepted.deflate, Instant::now().into_std()),
            scratch: Scratch::new(),
            heard: VecDeque::new(),
            output: Vec::new(),
            input,
            protocol: accepted.protocol,
        };
        socket.take_in(&mut early);
        Ok(socket)
    }

    /// Queues a message. That the line is gone shows in what is heard.
    pub(super) fn send(&mut self, text: &str) {
        let payload = [text.as_bytes()];
        let _ = self.websocket.send(Kind::Text, &payload, &mut self.scratch, &mut self.output);
    }

    /// Returns whether more may be sent without what waits growing without end.
    pub(super) fn has_room(&self) -> bool {
        self.output.len() < OUTPUT_BYTES_MAX
    }

    /// Waits for the next message, or the end. May be dropped and called again: nothing is lost.
    pub(super) async fn hear(&mut self) -> Result<String, Closed> {
        loop {
            if let Some(text) = self.heard.pop_front() {
                return Ok(text);
            }
            self.websocket.poll_output(&mut self.output);
            if let Some(closed) = self.websocket.closed().filter(|_| self.output.is_empty()) {
                return Err(closed.clone());
            }
            let deadline = self.websocket.deadline().map(Instant::from_std);
            let wake = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = self.reader.read(&mut self.input) => self.is_read(&read),
                written = self.writer.write(&self.output), if !self.output.is_empty() => match written {
                    Ok(length) if length > 0 => drop(self.output.drain(..length)),
                    _ => self.is_cut(),
                },
                () = wake => {
                    let _ = self.websocket.handle_deadline(Instant::now().into_std());
                }
            }
        }
    }

    /// Says goodbye, and waits a little for the answer.
    pub(super) async fn leave(mut self, code: CloseCode, reason: &str) {
        self.websocket.close(code, reason, Instant::now().into_std());
        let goodbye = async { while self.hear().await.is_ok() {} };
        let _ = timeout(LEAVE_WITHIN, goodbye).await;
        let _ = self.writer.shutdown().await;
    }

    fn is_read(&mut self, read: &io::Result<usize>) {
        match *read {
            Ok(length) if length > 0 => {
                let mut input = std::mem::take(&mut self.input);
                self.take_in(&mut input[..length]);
                self.input = input;
            }
            _ => self.is_cut(),
        }
    }

    fn is_cut(&mut self) {
        self.websocket.end_of_stream();
        self.output.clear();
    }

    fn take_in(&mut self, bytes: &mut [u8]) {
        let now = Instant::now().into_std();
        let mut received = self.websocket.receive(bytes, &mut self.scratch, now);
        while let Some(event) = received.next() {
            match event {
                Event::Text(text) => self.heard.push_back(text.to_owned()),
                // Bytes are no message of this protocol: as a text they are refused and counted.
                Event::Binary(_) => self.heard.push_back(String::new()),
                _ => {}
            }
        }
    }
}

fn ask(
    url: &Url,
    token: Option<&Secret>,
    output: &mut Vec<u8>,
) -> Result<ClientHandshake, OpenError> {
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let authorization = token.map(|token| format!("Token {}", token.reveal()));
    let authorization = authorization.as_deref().map(|value| ("Authorization", value));
    let headers: Vec<(&str, &str)> = authorization.into_iter().collect();
    let request = ClientRequest {
        host,
        target,
        protocols: &[V2],
        headers: &headers,
        deflate: Some(deflate::Settings::default()),
        key: random()?,
    };
    let handshake = ClientHandshake::new(&request, &Limits::default(), output);
    Ok(handshake.map_err(io::Error::other)?)
}

async fn connect(url: &Url) -> io::Result<Box<dyn Stream>> {
    let host = url.host_str().ok_or(io::ErrorKind::InvalidInput)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or(io::ErrorKind::InvalidInput)?;
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    if url.scheme() == "ws" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(tls_connector()?.connect(name, stream).await?))
}

/// Trusts whom the machine trusts: `SSL_CERT_FILE` names others.
fn tls_connector() -> io::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn random<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        OpenError::Io(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Io(error) => write!(formatter, "no connection to the server: {error}"),
            OpenError::Refused(HandshakeError::Status(status @ (401 | 403))) => write!(
                formatter,
                "the server answered {status}: SCRAM_TRANSLATOR_TOKEN must hold a token for this action type"
            ),
            OpenError::Refused(HandshakeError::Status(404)) => formatter.write_str(
                "the server answered 404: SCRAM_EVENTS_URL must name an action type that there is",
            ),
            OpenError::Refused(error) => write!(formatter, "no WebSocket: {error}"),
        }
    }
}
