//! A client at the other end of a simulated line.

use std::sync::Arc;
use std::time::Instant;

use campanile_wire::deflate::Agreed;
use campanile_wire::{
    CloseCode, Config, Event, Head, Kind, OpCode, ProtocolError, Role, Scratch, WebSocket,
};

use super::network::{Arrival, LineEnd};

/// A client: `wire` in its other role.
#[derive(Debug)]
pub struct Client {
    line: LineEnd,
    websocket: WebSocket,
    output: Vec<u8>,
    is_over: bool,
}

/// Something that a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message of text.
    Text(String),
    /// A message of bytes.
    Binary(Vec<u8>),
    /// A pong to one of its pings.
    Pong(Vec<u8>),
    /// The server said close.
    Close(Option<CloseCode>, String),
    /// The server broke the protocol.
    Failed(ProtocolError),
    /// The line ended.
    End,
    /// The line was reset.
    Reset,
}

impl Client {
    /// Puts a client at the end of a line, after the opening handshake.
    pub fn new(line: LineEnd, deflate: Option<Agreed>, now: Instant) -> Self {
        let config = Config {
            role: Role::Client,
            frame_bytes_max: 1 << 30,
            message_bytes_max: 1 << 30,
            message_within: None,
            ping_every: None,
            ..Config::default()
        };
        let websocket = WebSocket::new(&Arc::new(config), deflate, now);
        Self { line, websocket, output: Vec::new(), is_over: false }
    }

    /// Returns its end of the line, to break it.
    pub fn line(&self) -> &LineEnd {
        &self.line
    }

    /// Returns whether it can still send messages.
    pub fn can_send(&self) -> bool {
        !self.is_over && self.websocket.can_send()
    }

    /// Returns whether its line has ended.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Gives up its line: it reads and writes nothing more.
    pub fn leave(&mut self) {
        self.is_over = true;
    }

    /// Sends a text.
    pub fn send_text(&mut self, text: &str) {
        // A client that cannot send has heard so already.
        let _ = self.websocket.send(
            Kind::Text,
            &[text.as_bytes()],
            &mut Scratch::new(),
            &mut self.output,
        );
    }

    /// Sends a text in two frames, with a ping between them.
    pub fn send_split(&mut self, text: &str, at: usize) {
        let (first, second) = text.as_bytes().split_at(at);
        let frames =
            [(OpCode::Text, first), (OpCode::Ping, &b"?"[..]), (OpCode::Continuation, second)];
        for (opcode, payload) in frames {
            let start = self.output.len();
            let head = Head::new(opcode, false, payload.len(), Some([0; 4]));
            self.output.extend_from_slice(head.as_bytes());
            self.output.extend_from_slice(payload);
            if opcode == OpCode::Text {
                // Not the final one.
                self.output[start] &= 0x7f;
            }
        }
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Begins the closing handshake.
    pub fn close(&mut self, code: CloseCode, now: Instant) {
        self.websocket.close(code, "", now);
    }

    /// Takes what would be written next, to come early with the opening handshake.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.websocket.poll_output(&mut self.output);
        std::mem::take(&mut self.output)
    }

    /// Writes what it has to say, `bytes_max` at most.
    pub fn write(&mut self, bytes_max: usize) {
        if !self.is_over {
            self.websocket.poll_output(&mut self.output);
            let bytes = bytes_max.min(self.output.len());
            self.line.write(&self.output[..bytes]);
            self.output.drain(..bytes);
        }
    }

    /// Returns whether everything it said is written.
    pub fn is_written(&self) -> bool {
        self.output.is_empty() && !self.websocket.has_output()
    }

    /// Reads `bytes_max` at most, and returns what it heard.
    pub fn read(&mut self, bytes_max: usize, now: Instant) -> Vec<Heard> {
        let mut heard = Vec::new();
        if self.is_over {
            return heard;
        }
        let mut bytes = match self.line.read(bytes_max) {
            Arrival::Bytes(bytes) => bytes,
            Arrival::End => {
                self.is_over = true;
                self.line.shut_down_write();
                return vec![Heard::End];
            }
            Arrival::Reset => {
                self.is_over = true;
                return vec![Heard::Reset];
            }
        };
        let mut scratch = Scratch::new();
        let mut received = self.websocket.receive(&mut bytes, &mut scratch, now);
        while let Some(event) = received.next() {
            heard.push(match event {
                Event::Text(text) => Heard::Text(text.to_owned()),
                Event::Binary(bytes) => Heard::Binary(bytes.to_owned()),
                Event::Pong(bytes) => Heard::Pong(bytes.to_owned()),
                Event::Close(code, reason) => Heard::Close(code, reason.to_owned()),
                Event::Failed(error) => Heard::Failed(error),
                Event::Ping(_) => continue,
            });
        }
        heard
    }
}
