//! What fuzzers do to this crate: any bytes go in, and a broken promise panics.
//!
//! `fuzz/` holds the targets and their corpora, which plain `cargo test` plays too.

#![expect(clippy::disallowed_methods, reason = "a game begins at some time")]

use std::sync::Arc;
use std::time::Instant;

use crate::deflate::Agreed;
use crate::frame::{Head, Header, OpCode, PartialHeader, Role, Rules};
pub use crate::handshake::fuzzing::handshake;
use crate::websocket::{Config, Event, Kind, Scratch, State, WebSocket};

/// Reads `data` as a header, whole and byte by byte, and writes it again.
///
/// # Panics
///
/// If what was read whole is not what was read in pieces, or what is written again is not what was
/// read.
pub fn frame(data: &[u8]) {
    let Some((&setting, bytes)) = data.split_first() else { return };
    let rules = Rules {
        role: if setting & 1 == 0 { Role::Server } else { Role::Client },
        compression: setting & 2 != 0,
        frame_bytes_max: if setting & 4 == 0 { u64::MAX } else { 1000 },
    };
    let whole = Header::parse(bytes, &rules);
    let mut partial = PartialHeader::default();
    let in_pieces = bytes
        .chunks(1)
        .find_map(|byte| partial.receive(byte, &rules).transpose())
        .transpose()
        .map(|found| found.map(|(header, _)| header));
    assert_eq!(in_pieces, whole.map(|found| found.map(|(header, _)| header)));

    if let Ok(Some((header, header_bytes))) = whole {
        assert!(header.payload_bytes <= rules.frame_bytes_max);
        let Header { opcode, compressed, mask, payload_bytes, last } = header;
        let head = Head::new(opcode, compressed, payload_bytes as usize, mask);
        assert_eq!(head.as_bytes()[1..], bytes[1..header_bytes]);
        assert_eq!(head.as_bytes()[0] & 0x7f | u8::from(last) << 7, bytes[0]);
    }
}

/// Lets a websocket receive `data`, whole and in pieces, echo every message, and end.
///
/// # Panics
///
/// If pieces change anything, if a limit is passed, if the other end cannot read the echo, or if
/// deadlines do not come to an end.
pub fn websocket(data: &[u8]) {
    let &[setting, piece, ref rest @ ..] = data else { return };
    let setting = Setting::read(setting);
    let line = if setting.frames { setting.frames_of(rest) } else { rest.to_vec() };

    let whole = setting.play(&line, line.len().max(1));
    let in_pieces = setting.play(&line, usize::from(piece).max(1));
    assert_eq!(whole.told, in_pieces.told, "in pieces of {piece}");
    setting.check_echo(&whole);
}

const MESSAGE_BYTES_MAX: usize = 2000;

/// What the first byte says about the game.
struct Setting {
    role: Role,
    deflate: Option<Agreed>,
    /// The rest describes frames within the rules, rather than being bytes of the line.
    frames: bool,
}

/// What came of a game.
#[derive(Default)]
struct Played {
    told: Vec<String>,
    echo: Vec<u8>,
}

impl Setting {
    fn read(byte: u8) -> Self {
        let agreed = Agreed {
            server_no_context_takeover: byte & 8 != 0,
            client_no_context_takeover: byte & 16 != 0,
            server_max_window_bits: if byte & 32 == 0 { 15 } else { 9 },
            client_max_window_bits: if byte & 64 == 0 { 15 } else { 9 },
        };
        Self {
            role: if byte & 1 == 0 { Role::Server } else { Role::Client },
            deflate: (byte & 2 != 0).then_some(agreed),
            frames: byte & 4 == 0,
        }
    }

    fn websocket(&self, role: Role, frame_bytes_max: u64, now: Instant) -> WebSocket {
        let config = Config {
            role,
            frame_bytes_max,
            message_bytes_max: MESSAGE_BYTES_MAX,
            compress_bytes_min: 8,
            ..Config::default()
        };
        WebSocket::new(&Arc::new(config), self.deflate, now)
    }

    /// Reads a byte for the header, one for the length, and the payload, again and again.
    fn frames_of(&self, mut data: &[u8]) -> Vec<u8> {
        const OPCODES: [OpCode; 8] = [
            OpCode::Text,
            OpCode::Continuation,
            OpCode::Binary,
            OpCode::Ping,
            OpCode::Continuation,
            OpCode::Pong,
            OpCode::Text,
            OpCode::Close,
        ];
        let mut line = Vec::new();
        while let &[first, length, ref rest @ ..] = data {
            let (payload, after) = rest.split_at(usize::from(length).min(rest.len()));
            data = after;
            let opcode = OPCODES[usize::from(first & 7)];
            let compressed = first & 8 != 0 && self.deflate.is_some();
            let mask = (self.role == Role::Server).then_some([0; 4]);
            let head = Head::new(opcode, compressed, payload.len(), mask);
            let head_at = line.len();
            line.extend_from_slice(head.as_bytes());
            if first & 16 != 0 {
                line[head_at] &= 0x7f;
            }
            line.extend_from_slice(payload);
        }
        line
    }

    fn play(&self, line: &[u8], piece_bytes: usize) -> Played {
        let now = Instant::now();
        let (mut websocket, mut scratch) = (self.websocket(self.role, 1500, now), Scratch::new());
        let (mut line, mut played) = (line.to_vec(), Played::default());
        for piece in line.chunks_mut(piece_bytes) {
            let mut messages = Vec::new();
            let mut received = websocket.receive(piece, &mut scratch, now);
            while let Some(event) = received.next() {
                played.told.push(format!("{event:?}"));
                match event {
                    Event::Text(text) => messages.push((Kind::Text, text.as_bytes().to_vec())),
                    Event::Binary(bytes) => messages.push((Kind::Binary, bytes.to_vec())),
                    _ => {}
                }
            }
            drop(received);
            for (kind, payload) in messages {
                assert!(payload.len() <= MESSAGE_BYTES_MAX);
                // A close in the same piece ends sending, in another it does not yet.
                let _ = websocket.send(kind, &[&payload], &mut scratch, &mut played.echo);
            }
        }
        played.told.push(format!("{:?}", websocket.closed()));
        websocket.poll_output(&mut played.echo);
        assert!(
            websocket.state() == State::Open
                || self.role == Role::Client
                || websocket.should_hang_up()
        );
        let_deadlines_pass(&mut websocket);
        played
    }

    /// Lets the other end read the echo, in which nothing may be wrong.
    fn check_echo(&self, played: &Played) {
        let now = Instant::now();
        let other = if self.role == Role::Server { Role::Client } else { Role::Server };
        let (mut websocket, mut scratch) = (self.websocket(other, u64::MAX, now), Scratch::new());
        let mut echo = played.echo.clone();
        let mut received = websocket.receive(&mut echo, &mut scratch, now);
        let mut sent = played.told.iter();
        while let Some(event) = received.next() {
            let told = format!("{event:?}");
            match event {
                Event::Failed(error) => panic!("the other end finds that {error}"),
                Event::Text(_) | Event::Binary(_) => {
                    assert!(sent.any(|sent| *sent == told), "{told} was echoed, but did not come");
                }
                _ => {}
            }
        }
    }
}

/// A peer that says nothing more is pinged, given up and forgotten.
fn let_deadlines_pass(websocket: &mut WebSocket) {
    for _ in 0..8 {
        let Some(deadline) = websocket.deadline() else { break };
        websocket.handle_deadline(deadline);
    }
    assert_eq!(websocket.deadline(), None);
    websocket.poll_output(&mut Vec::new());
    assert!(websocket.should_hang_up());
}
