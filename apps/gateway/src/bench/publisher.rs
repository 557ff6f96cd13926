//! Publishes: triggers over HTTP for campanile, control messages for the floor and the peers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::failure::{Doing, Failure};
use super::frames::append_client_frame;
use super::message::delivered;
use super::openings::room;

/// The longest that a server may take to answer a trigger.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that publications are sent on.
pub(super) enum Publisher {
    /// Pipelined `POST /trigger/` on one kept-alive connection.
    Trigger {
        stream: TcpStream,
        /// Answers that have not been read.
        unanswered: usize,
        /// The beginning of an answer that was read in part.
        begun: Vec<u8>,
    },
    /// A WebSocket on `/control`, whose messages are `ROOM TEXT`.
    Control { stream: TcpStream },
}

impl Publisher {
    /// Connects to campanile's internal listener.
    pub(super) fn trigger(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self::Trigger { stream: dial(address)?, unanswered: 0, begun: Vec::new() })
    }

    /// Connects to a server that speaks the control protocol.
    pub(super) fn control(address: SocketAddr, upgrade: &str) -> Result<Self, Failure> {
        let mut stream = dial(address)?;
        stream.write_all(upgrade.as_bytes()).doing("open the control connection")?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).doing("open the control connection")?;
            head.push(byte[0]);
        }
        if head.starts_with(b"HTTP/1.1 101") {
            return Ok(Self::Control { stream });
        }
        Err(Failure::new("the server refused the control connection"))
    }

    /// Sends publications, each the number of its room and its value, in one write.
    pub(super) fn publish(&mut self, publications: &[(usize, String)]) -> Result<(), Failure> {
        let mut burst = Vec::new();
        match self {
            Self::Trigger { stream, unanswered, .. } => {
                for (number, data) in publications {
                    append_trigger(*number, data, &mut burst);
                }
                *unanswered += publications.len();
                stream.write_all(&burst).doing("send a trigger")
            }
            Self::Control { stream } => {
                for (number, data) in publications {
                    let text = format!("{number} {}", delivered(data));
                    append_client_frame(1, text.as_bytes(), &mut burst);
                }
                stream.write_all(&burst).doing("send a control message")
            }
        }
    }

    /// Waits until the server has answered all triggers; control messages have no answer.
    pub(super) fn confirm(&mut self) -> Result<(), Failure> {
        let Self::Trigger { stream, unanswered, begun } = self else {
            return Ok(());
        };
        let mut buffer = [0; 16 * 1024];
        while *unanswered > 0 {
            let length = stream.read(&mut buffer).doing("read the answer to a trigger")?;
            if length == 0 {
                return Err(Failure::new("the server hung up on the triggers"));
            }
            begun.extend_from_slice(&buffer[..length]);
            *unanswered = unanswered.saturating_sub(take_answers(begun)?);
        }
        Ok(())
    }
}

fn append_trigger(number: usize, data: &str, output: &mut Vec<u8>) {
    let body = format!("{{\"rooms\":[{}],\"data\":{data}}}", room(number));
    let head = format!(
        "POST /trigger/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    output.extend_from_slice(head.as_bytes());
    output.extend_from_slice(body.as_bytes());
}

/// Takes the whole answers out of `begun`, and returns how many there were.
pub(super) fn take_answers(begun: &mut Vec<u8>) -> Result<usize, Failure> {
    let mut answers = 0;
    while let Some(head) = begun.windows(4).position(|window| window == b"\r\n\r\n") {
        let text = String::from_utf8_lossy(&begun[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 2") {
            let line = text.lines().next().unwrap_or_default();
            return Err(Failure::new(format!("a trigger was answered {line}")));
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0_usize);
        if begun.len() < head + 4 + length {
            break;
        }
        begun.drain(..head + 4 + length);
        answers += 1;
    }
    Ok(answers)
}

fn dial(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).doing("connect the publisher")?;
    stream.set_nodelay(true).doing("set TCP_NODELAY on the publisher")?;
    stream.set_read_timeout(Some(PATIENCE)).doing("limit the publisher's reads")?;
    Ok(stream)
}
