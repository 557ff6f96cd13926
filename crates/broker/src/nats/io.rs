//! A connection to a NATS server: its opening, and the two tasks that read and write.

use super::errors::explain;
use super::wire::{self, Frame};
use crate::Settings;
use crate::names::Hearing;
use crate::tls;
use bytes::BytesMut;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How many requests wait to be written; who has another one waits too.
const REQUESTS_MAX: usize = 256;

/// How much is read at once, about.
const READ_BYTES: usize = 64 << 10;

/// A connection after its login.
pub(super) struct Opened {
    stream: Box<dyn Stream>,
    /// What came behind the login's answer.
    buffer: BytesMut,
    pub(super) payload_max: usize,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects and logs in.
pub(super) async fn open(settings: &Settings) -> Result<Opened, String> {
    let url = settings.url.secret();
    let (host, port) = address(url)?;
    let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut stream: Box<dyn Stream> = Box::new(tcp);
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    let Frame::Info(info) = frame(&mut *stream, &mut buffer).await? else {
        return Err(not_nats());
    };
    let info: Value = serde_json::from_slice(&info).map_err(|_| not_nats())?;
    let secure = url.scheme() == "tls" || info["tls_required"] == true;
    if secure {
        stream = Box::new(encrypt(stream, host, settings).await?);
    }
    let login = format!("CONNECT {}\r\nPING\r\n", login(url, secure));
    stream.write_all(login.as_bytes()).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())?;
    loop {
        match frame(&mut *stream, &mut buffer).await? {
            Frame::Pong => break,
            Frame::Error(said) => return Err(explain(&said)),
            _ => {}
        }
    }
    let payload_max = info["max_payload"].as_u64().and_then(|max| usize::try_from(max).ok());
    Ok(Opened { stream, buffer, payload_max: payload_max.unwrap_or(1 << 20) })
}

fn address(url: &Url) -> Result<(String, u16), String> {
    let host = match url.host().ok_or("the [broker] url names no host")? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Ok((host, url.port().unwrap_or(4222)))
}

async fn encrypt(
    stream: Box<dyn Stream>,
    host: String,
    settings: &Settings,
) -> Result<impl Stream + use<>, String> {
    let connector = TlsConnector::from(Arc::new(tls::config(settings)?));
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    connector.connect(name, stream).await.map_err(|error| tls::explain(&error.to_string()))
}

/// Returns who we are, and the user, password or token of the URL.
fn login(url: &Url, secure: bool) -> Value {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut login = json!({
        "verbose": false, "pedantic": false, "echo": true, "tls_required": secure, "protocol": 1,
        "name": "campanile", "lang": "rust", "version": env!("CARGO_PKG_VERSION"),
    });
    match (url.username(), url.password()) {
        ("", None) => {}
        (token, None) => login["auth_token"] = decode(token).into(),
        (user, Some(password)) => {
            login["user"] = decode(user).into();
            login["pass"] = decode(password).into();
        }
    }
    login
}

/// Waits for the next frame.
async fn frame(
    stream: &mut (impl AsyncRead + Unpin + ?Sized),
    buffer: &mut BytesMut,
) -> Result<Frame, String> {
    loop {
        if let Some(frame) = wire::next(buffer).map_err(|_| not_nats())? {
            return Ok(frame);
        }
        buffer.reserve(READ_BYTES);
        match stream.read_buf(buffer).await {
            Ok(0) => return Err(String::from("NATS ended the connection")),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn not_nats() -> String {
    String::from("what answers there is no NATS server")
}

/// Where requests are put, to be written by a task of their own: so that none is ever cut off in
/// the middle, whoever stops waiting for it.
pub(super) struct Writing(mpsc::Sender<Request>);

struct Request {
    bytes: Vec<u8>,
    done: Option<oneshot::Sender<()>>,
}

/// Those who wait for a `PONG` each.
type Waiting = Arc<Mutex<VecDeque<Vec<oneshot::Sender<()>>>>>;

/// Starts the tasks of a connection.
pub(super) fn start(opened: Opened, hearing: Hearing) -> (Writing, [JoinHandle<()>; 2]) {
    let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
    let (reader, writer) = tokio::io::split(opened.stream);
    let waiting = Waiting::default();
    let (hearing, answers) = (Arc::new(hearing), requests.clone());
    let reading = read(reader, opened.buffer, Arc::clone(&hearing), Arc::clone(&waiting), answers);
    let writing = write(writer, receiver, hearing, waiting);
    (Writing(requests), [tokio::spawn(reading), tokio::spawn(writing)])
}

impl Writing {
    /// Waits until the server has done what this asks.
    pub(super) async fn confirmed(&self, bytes: Vec<u8>) -> Result<(), String> {
        let over = |_| String::from("the connection has ended");
        let (done, wait) = oneshot::channel();
        self.0.send(Request { bytes, done: Some(done) }).await.map_err(|_| over(()))?;
        wait.await.map_err(|_| over(()))
    }
}

/// Reads until the connection ends.
async fn read(
    mut reader: ReadHalf<Box<dyn Stream>>,
    mut buffer: BytesMut,
    hearing: Arc<Hearing>,
    waiting: Waiting,
    answers: mpsc::Sender<Request>,
) {
    loop {
        match frame(&mut reader, &mut buffer).await {
            Ok(Frame::Message { subject, payload }) => hearing.hear(&subject, &payload),
            Ok(Frame::Pong) => {
                let done = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                for done in done.into_iter().flatten() {
                    let _ = done.send(());
                }
            }
            Ok(Frame::Ping) => {
                // If nothing can be written for so long, the server is right to give up.
                let _ = answers.try_send(Request { bytes: b"PONG\r\n".to_vec(), done: None });
            }
            Ok(Frame::Error(said)) => return hearing.broken(explain(&said)),
            Ok(Frame::Info(_) | Frame::Other) => {}
            Err(why) => return hearing.broken(why),
        }
    }
}

/// Writes what is asked, many requests at once with one `PING` behind them.
async fn write(
    mut writer: WriteHalf<Box<dyn Stream>>,
    mut requests: mpsc::Receiver<Request>,
    hearing: Arc<Hearing>,
    waiting: Waiting,
) {
    let (mut batch, mut output) = (Vec::new(), Vec::new());
    while requests.recv_many(&mut batch, REQUESTS_MAX).await > 0 {
        output.clear();
        let mut done = Vec::new();
        for request in batch.drain(..) {
            output.extend_from_slice(&request.bytes);
            done.extend(request.done);
        }
        if !done.is_empty() {
            output.extend_from_slice(b"PING\r\n");
            waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(done);
        }
        let written = async {
            writer.write_all(&output).await?;
            writer.flush().await
        };
        if let Err(error) = written.await {
            return hearing.broken(error.to_string());
        }
    }
}
