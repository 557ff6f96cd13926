//! Bytes on a socket, for what no well-behaved client sends.

use super::WITHIN;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpSocket, TcpStream};

/// An opening handshake.
pub(super) const OPENING: &str = "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
/// A request that leaves the connection open.
pub(super) const ALIVE: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A socket, with what was read too early.
pub(super) struct Raw<S = TcpStream> {
    pub(super) stream: S,
    early: Vec<u8>,
}

/// A frame of the server: its first byte and its payload.
pub(super) type Frame = (u8, Vec<u8>);

impl Raw {
    pub(super) async fn connect(address: SocketAddr) -> Raw {
        let stream = TcpStream::connect(address).await.expect("it listens");
        Raw { stream, early: Vec::new() }
    }

    /// Connects from an address of one's choice.
    pub(super) async fn connect_from(from: IpAddr, address: SocketAddr) -> Raw {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.bind(SocketAddr::new(from, 0)).expect("all of 127/8 is ours");
        let stream = socket.connect(address).await.expect("it listens");
        Raw { stream, early: Vec::new() }
    }

    /// Opens a WebSocket, and takes the greeting.
    pub(super) async fn open(address: SocketAddr) -> Raw {
        let mut raw = Raw::connect(address).await;
        raw.send(OPENING.as_bytes()).await;
        let head = raw.head().await.expect("the handshake is answered");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let greeting = raw.frame().await;
        assert_eq!(greeting.map(|(first, _)| first), Some(0x81));
        raw
    }

    /// Returns the two directions.
    pub(super) fn split(&mut self) -> (Raw<ReadHalf<'_>>, Raw<WriteHalf<'_>>) {
        let (reading, writing) = self.stream.split();
        let early = std::mem::take(&mut self.early);
        (Raw { stream: reading, early }, Raw { stream: writing, early: Vec::new() })
    }
}

impl<S: AsyncWrite + Unpin> Raw<S> {
    /// Sends; that the other side is gone shows in what is read.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}

impl<S: AsyncRead + Unpin> Raw<S> {
    async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.early);
        let bytes = tokio::time::timeout(WITHIN, read).await.expect("something comes, or the end");
        bytes.ok().filter(|bytes| *bytes > 0).map(drop)
    }

    /// Reads the head of an answer, or none if the connection ends before.
    pub(super) async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.early.windows(4).position(|end| end == b"\r\n\r\n") {
                let rest = self.early.split_off(end + 4);
                let head = std::mem::replace(&mut self.early, rest);
                return Some(String::from_utf8_lossy(&head).into_owned());
            }
            self.more().await?;
        }
    }

    /// Reads an answer, on a connection that may stay open.
    pub(super) async fn answer(&mut self) -> Option<(String, String)> {
        let head = self.head().await?;
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
        });
        while self.early.len() < length.unwrap_or(0) {
            self.more().await?;
        }
        let rest = self.early.split_off(length.unwrap_or(0));
        let body = std::mem::replace(&mut self.early, rest);
        Some((head, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Reads the next frame, or none at the end.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((header, payload)) = sizes(&self.early)
                && self.early.len() >= header + payload
            {
                let rest = self.early.split_off(header + payload);
                let frame = std::mem::replace(&mut self.early, rest);
                return Some((frame[0], frame[header..].to_vec()));
            }
            self.more().await?;
        }
    }
}

/// Returns the bytes of a server's frame: of its header and of its payload.
fn sizes(bytes: &[u8]) -> Option<(usize, usize)> {
    match (*bytes.get(1)?, bytes.get(2..4), bytes.get(2..10)) {
        (126, Some(length), _) => {
            Some((4, usize::from(u16::from_be_bytes(length.try_into().ok()?))))
        }
        (127, _, Some(length)) => {
            Some((10, usize::try_from(u64::from_be_bytes(length.try_into().ok()?)).ok()?))
        }
        (126 | 127, ..) => None,
        (length, ..) => Some((2, usize::from(length))),
    }
}

/// Returns a client's frame, masked with zeros, so that its payload stays readable.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ ..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
