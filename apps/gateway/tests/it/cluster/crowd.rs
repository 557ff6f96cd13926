//! A thousand clients, each a task with a socket, that write down what they hear and come back
//! when they are closed.

use super::listener::{Entry, Listener};
use futures_util::FutureExt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Where the clients may connect; an address that is gone is passed over.
pub(super) type Doors = Arc<Mutex<Vec<Option<SocketAddr>>>>;

/// The clients, gone when this is dropped.
pub(super) struct Crowd {
    pub(super) listeners: Vec<Arc<Listener>>,
    _tasks: JoinSet<()>,
}

/// How long a client waits before it tries another door.
const PAUSE: Duration = Duration::from_millis(50);

impl Crowd {
    /// Connects them, each to its home.
    pub(super) fn come(listeners: Vec<Arc<Listener>>, doors: &Doors) -> Crowd {
        let mut tasks = JoinSet::new();
        for listener in &listeners {
            tasks.spawn(live(Arc::clone(listener), Arc::clone(doors)));
        }
        Crowd { listeners, _tasks: tasks }
    }
}

async fn live(listener: Arc<Listener>, doors: Doors) {
    loop {
        let door = {
            let doors = doors.lock().unwrap_or_else(PoisonError::into_inner);
            doors[listener.home()]
        };
        let ended = match door {
            Some(door) => visit(&listener, door).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        if let Ok((code, after)) = ended {
            listener.note(Entry::Away { at: SystemTime::now(), code });
            tokio::time::sleep(after).await;
        } else {
            // Also what was broken off in the middle of coming in.
            listener.note(Entry::Away { at: SystemTime::now(), code: 1006 });
            listener.go_on(doors.lock().unwrap_or_else(PoisonError::into_inner).len());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Connects, subscribes and listens until it is closed; returns the code, and when to come back.
async fn visit(listener: &Listener, door: SocketAddr) -> io::Result<(u16, Duration)> {
    let mut stream = BufReader::new(TcpStream::connect(door).await?);
    let protocol = if listener.v1 { "Sec-WebSocket-Protocol: campanile.v1\r\n" } else { "" };
    let upgrade = format!(
        "GET /ws/ HTTP/1.1\r\nHost: {door}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n"
    );
    stream.write_all(upgrade.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    for room in &listener.rooms {
        let subscribe =
            format!(r#"{{"type":"subscribe","room":{{"n":{room}}},"requestId":{room}}}"#);
        write(&mut stream, 1, subscribe.as_bytes()).await?;
    }
    let (mut unanswered, mut after) = (listener.rooms.len(), Duration::ZERO);
    loop {
        let (kind, payload) = read(&mut stream).await?;
        match kind {
            1 => {
                let text = String::from_utf8(payload).expect("the gateway sends UTF-8");
                match listener.hear(&text) {
                    Some(Heard::Answer) => {
                        unanswered -= 1;
                        if unanswered == 0 {
                            listener.note(Entry::Here { at: SystemTime::now() });
                        }
                    }
                    Some(Heard::Restart(wait)) => after = wait,
                    None => {}
                }
            }
            8 => {
                let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                // The gateway may have hung up already.
                write(&mut stream, 8, &payload).map(drop).await;
                return Ok((code, after));
            }
            9 => write(&mut stream, 10, &payload).await?,
            _ => {}
        }
    }
}

/// What of a message concerns how the connection goes on.
pub(super) enum Heard {
    /// A subscribe was answered.
    Answer,
    /// The gateway ends; come back after so long.
    Restart(Duration),
}

/// Writes a frame; a mask of zeros leaves it as it is.
async fn write(stream: &mut BufReader<TcpStream>, kind: u8, payload: &[u8]) -> io::Result<()> {
    let length = u8::try_from(payload.len()).expect("it is short");
    assert!(length < 126, "it is short");
    let frame = [&[0x80 | kind, 0x80 | length, 0, 0, 0, 0], payload].concat();
    stream.write_all(&frame).await
}

async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await? & 15;
    let length = match stream.read_u8().await? {
        126 => usize::from(stream.read_u16().await?),
        127 => usize::try_from(stream.read_u64().await?).expect("it is short"),
        length => usize::from(length),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    Ok((kind, payload))
}
