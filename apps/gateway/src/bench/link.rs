//! One client: its socket, how far its opening has come, and what it is owed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use mio::net::TcpStream;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use rustls::{ClientConnection, Stream};

use super::failure::{Doing, Failure};
use super::frames::{Frame, Frames, append_client_frame};

/// How far a link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Waits for TCP.
    Connecting,
    /// Waits for the `101`.
    Upgrading,
    /// WebSocket frames come.
    Open,
    /// The server hung up.
    Ended,
}

/// One client's connection.
pub(super) struct Link {
    pub(super) stream: TcpStream,
    /// Under TLS.
    session: Option<Box<ClientConnection>>,
    pub(super) stage: Stage,
    head: Vec<u8>,
    frames: Frames,
    /// Answers still to come before the link counts as ready; for echoes, 1 while one is on its way.
    pub(super) owed: u32,
    /// When it began what it waits for now.
    pub(super) since_ns: u64,
    /// The sequence of the next publication to its room.
    pub(super) next_sequence: u32,
    /// Publications that it was sent past.
    pub(super) missing: u32,
}

impl Link {
    /// Begins to connect, from a source address that only this process uses, and another one for
    /// every 10,000 links: each address has about 28,000 ports.
    pub(super) fn begin(
        server: SocketAddr,
        index: usize,
        session: Option<Box<ClientConnection>>,
        now_ns: u64,
    ) -> Result<Self, Failure> {
        let block = u8::try_from(index / 10_000).ok().filter(|block| *block < 250);
        let block = block.ok_or_else(|| Failure::new("too many links"))?;
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let source = SocketAddrV4::new(Ipv4Addr::new(127, high | 0x80, low, 2 + block), 0);
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)
            .doing("open a client's socket")?;
        bind(&socket, &source).doing("bind a client's socket")?;
        match connect(&socket, &server) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(error) => return Err(error).doing("connect to the server"),
        }
        let stream = TcpStream::from_std(std::net::TcpStream::from(socket));
        stream.set_nodelay(true).doing("set TCP_NODELAY on a client's socket")?;
        Ok(Self {
            stream,
            session,
            stage: Stage::Connecting,
            head: Vec::new(),
            frames: Frames::default(),
            owed: 0,
            since_ns: now_ns,
            next_sequence: 0,
            missing: 0,
        })
    }

    /// Sends small things at once: they fit into an empty socket buffer, or the server is stuck.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let sent = match &mut self.session {
            None => self.stream.write(bytes),
            Some(session) => write_under_tls(session, &mut self.stream, bytes),
        };
        match sent {
            Ok(sent) if sent == bytes.len() => Ok(()),
            Ok(_) => Err(Failure::new("the server does not read what the clients send")),
            Err(error) => Err(error).doing("send from a client"),
        }
    }

    /// Sends one message.
    pub(super) fn send_text(&mut self, text: &[u8]) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(text.len() + 14);
        append_client_frame(1, text, &mut frame);
        self.send(&frame)
    }

    /// Reads once. Returns whether the socket may hold more: a read that did not fill `buffer`
    /// emptied it, and epoll will tell of what comes later. Under TLS there may be more until there
    /// is none.
    pub(super) fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<(&'b [u8], bool), Failure> {
        let read = match &mut self.session {
            None => self.stream.read(buffer),
            Some(session) => Stream::new(&mut **session, &mut self.stream).read(buffer),
        };
        let is_tls = self.session.is_some();
        match read {
            Ok(0) => {
                self.stage = Stage::Ended;
                Ok((&[], false))
            }
            Ok(length) => Ok((&buffer[..length], is_tls || length == buffer.len())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok((&[], false)),
            Err(error) if is_end(&error) => {
                self.stage = Stage::Ended;
                Ok((&[], false))
            }
            Err(error) => Err(error).doing("read at a client"),
        }
    }

    /// Takes the server's `101` from `input`; returns what follows it, if it is complete.
    pub(super) fn receive_head<'i>(
        &mut self,
        input: &'i [u8],
    ) -> Result<Option<&'i [u8]>, Failure> {
        let before = self.head.len();
        self.head.extend_from_slice(input);
        let Some(end) = self.head.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        if !self.head.starts_with(b"HTTP/1.1 101") {
            let line = String::from_utf8_lossy(&self.head);
            let line = line.lines().next().unwrap_or_default();
            return Err(Failure::new(format!("the server refused a client: {line}")));
        }
        self.head = Vec::new();
        self.stage = Stage::Open;
        Ok(Some(&input[end + 4 - before..]))
    }

    /// Calls `visit` for each frame that `input` completes; answers pings.
    pub(super) fn receive_frames(
        &mut self,
        input: &[u8],
        mut visit: impl FnMut(&mut Self, Frame<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut frames = std::mem::take(&mut self.frames);
        let outcome = frames.receive(input, |frame| match frame.opcode {
            1 | 2 => visit(self, frame),
            9 => {
                let mut pong = Vec::new();
                append_client_frame(10, frame.payload, &mut pong);
                self.send(&pong)
            }
            _ => Ok(()),
        });
        self.frames = frames;
        outcome
    }
}

fn is_end(error: &io::Error) -> bool {
    // Without a word of goodbye, under TLS.
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof)
}

/// Sends under TLS; what is given before the handshake is done goes out behind it.
fn write_under_tls(
    session: &mut ClientConnection,
    stream: &mut TcpStream,
    bytes: &[u8],
) -> io::Result<usize> {
    let taken = session.writer().write(bytes)?;
    match session.complete_io(stream) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && session.is_handshaking() => {
            Ok(taken)
        }
        done => done.map(|_| taken),
    }
}
