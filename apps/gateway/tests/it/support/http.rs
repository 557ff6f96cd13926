//! The least of an HTTP client: one request a connection, body until the end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(60);

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head as it came.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Gets a path.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<Answer> {
    request(address, &format!("GET {path}"), &[], b"").await
}

/// Posts a body, without a Content-Type of its own.
pub(crate) async fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    request(address, &format!("POST {path}"), headers, body).await
}

/// Sends a request; `what` is its method and target.
///
/// # Errors
///
/// Nobody listens, the connection broke, or what came is no HTTP.
pub(crate) async fn request(
    address: SocketAddr,
    what: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    request_on(TcpStream::connect(address).await?, what, headers, body).await
}

/// Sends a request on a connection, which ends with it.
///
/// # Errors
///
/// The connection broke, or what came is no HTTP.
pub(crate) async fn request_on(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    what: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let exchange = async {
        let mut head = format!("{what} HTTP/1.1\r\nConnection: close\r\n");
        if headers.iter().all(|(name, _)| *name != "Host") {
            head.push_str("Host: 127.0.0.1\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer =
        tokio::time::timeout(WITHIN, exchange).await.map_err(|_| io::ErrorKind::TimedOut)??;
    parse(&answer).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
