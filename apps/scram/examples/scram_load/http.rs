//! As much of HTTP as asking one server again and again takes.

use crate::Outcome;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A connection that stays open, with who asks.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
}

/// What is answered.
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, token: &str) -> Outcome<Connection> {
        let stream = BufReader::new(TcpStream::connect(address).await?);
        Ok(Connection { stream, token: token.to_owned() })
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: &str) -> Outcome<Answer> {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: measured\r\nAuthorization: Token {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (status, length) = self.head().await?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, body: String::from_utf8(body)? })
    }

    /// Reads an answer's head: its first line, and how many bytes follow it.
    async fn head(&mut self) -> Outcome<(String, usize)> {
        let mut status = String::new();
        self.stream.read_line(&mut status).await?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await?;
            if line.trim().is_empty() {
                return Ok((status, length));
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
    }
}
