//! A backend: answers as it is told, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request as the backend saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns the first header of that name (in lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) delay: Duration,
}

impl Answer {
    /// Returns an answer with a body of JSON.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Answer {
        let content_type = "application/json".to_owned();
        Answer {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
        }
    }
}

type Rule = Box<dyn Fn(&Request) -> Answer + Send>;

/// What the connections of one backend share.
struct Shared {
    seen: Mutex<Vec<Request>>,
    rule: Mutex<Rule>,
    /// With which path answers are held back.
    held: watch::Sender<Option<&'static str>>,
}

/// A running backend, gone when this is dropped.
pub(crate) struct Backend {
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

impl Backend {
    /// Starts a backend that answers as `rule` says.
    pub(crate) async fn start(
        address: SocketAddr,
        rule: impl Fn(&Request) -> Answer + Send + 'static,
    ) -> Backend {
        let listener = TcpListener::bind(address).await.expect("the address is this test's own");
        let (seen, rule) = (Mutex::default(), Mutex::new(Box::new(rule) as Rule));
        let shared = Shared { seen, rule, held: watch::channel(None).0 };
        let shared = Arc::new(shared);
        let for_listener = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&for_listener);
                // One that breaks off its request has only itself to answer to.
                tokio::spawn(async move { serve(stream, &shared).await.unwrap_or_default() });
            }
        });
        Backend { shared, listening }
    }

    /// From here on answers otherwise.
    pub(crate) fn answer(&self, rule: impl Fn(&Request) -> Answer + Send + 'static) {
        *self.shared.rule.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(rule);
    }

    /// From here on holds the answers to requests for a path back.
    pub(crate) fn hold(&self, path: &'static str) {
        self.shared.held.send_replace(Some(path));
    }

    /// Gives the answers that are held back, and holds none back any longer.
    pub(crate) fn release(&self) {
        self.shared.held.send_replace(None);
    }

    /// Takes the requests seen since the last time, having waited until there are `count`, or for ten seconds.
    pub(crate) async fn take_seen(&self, count: usize) -> Vec<Request> {
        for _ in 0..1_000 {
            if self.seen().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        std::mem::take(&mut *self.seen())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let answer = (shared.rule.lock().unwrap_or_else(PoisonError::into_inner))(&request);
        let path = request.path.clone();
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        tokio::time::sleep(answer.delay).await;
        let mut held = shared.held.subscribe();
        // It fails when nobody can let it go any more.
        let _ = held.wait_for(|held| *held != Some(&path[..])).await;
        stream.write_all(encode(&answer).as_bytes()).await?;
    }
    Ok(())
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut request = Request { method, path, headers: Vec::new(), body: Vec::new() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let body_bytes =
        request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; body_bytes];
    stream.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

fn encode(answer: &Answer) -> String {
    let mut head = format!("HTTP/1.1 {} Told\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.status == 204 {
        return head + "\r\n";
    }
    let (content_type, body) = (&answer.content_type, &answer.body);
    head + &format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
