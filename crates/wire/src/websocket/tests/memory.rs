//! What a websocket keeps, idle or attacked.

use std::sync::Arc;
use std::time::Instant;

use crate::frame::{Head, OpCode};
use crate::websocket::{Config, Event, Kind, Scratch, WebSocket};

#[test]
fn an_idle_websocket_has_at_most_160_bytes() {
    assert!(size_of::<WebSocket>() <= 160, "{} bytes", size_of::<WebSocket>());
}

#[test]
fn an_idle_websocket_keeps_nothing_on_the_heap() {
    let mut peer = Peer::new(Config::default());
    peer.says(OpCode::Text, true, b"whole");
    peer.says(OpCode::Text, false, b"in ");
    peer.says(OpCode::Continuation, true, b"pieces");
    peer.says(OpCode::Ping, true, b"?");
    peer.websocket.poll_output(&mut Vec::new());
    assert!(peer.websocket.stream.unfinished_since().is_none());
    assert!(peer.websocket.pending.is_none() && peer.websocket.coders.is_none());
}

/// ws, CVE-2026-48779: each fragment took memory, however small. Its first cap on their number then
/// refused legitimate clients; Autobahn 9.3.1 sends 65,536.
#[test]
fn empty_fragments_take_no_memory_however_many() {
    let mut peer = Peer::new(Config::default());
    peer.says(OpCode::Text, false, b"a");
    for _ in 0..1_000_000 {
        peer.says(OpCode::Continuation, false, b"");
    }
    assert!(peer.websocket.stream.allocated_bytes() < 1024);
    assert_eq!(peer.says(OpCode::Continuation, true, b"b"), ["ab"]);
}

/// The same, and ws4py, which joined quadratically.
#[test]
fn tiny_fragments_take_the_memory_of_their_bytes_and_are_moved_rarely() {
    let mut peer = Peer::new(Config::default());
    let (mut allocated, mut moved) = (0, 0);
    peer.says(OpCode::Text, false, b"");
    for _ in 0..1 << 17 {
        peer.says(OpCode::Continuation, false, b"x");
        moved += usize::from(peer.websocket.stream.allocated_bytes() != allocated);
        allocated = peer.websocket.stream.allocated_bytes();
    }
    assert!(allocated <= 2 << 17, "{allocated} bytes");
    assert!(moved <= 20, "moved {moved} times");
    assert_eq!(peer.says(OpCode::Continuation, true, b""), ["x".repeat(1 << 17)]);
}

/// gorilla CVE-2020-27813 and others: a length is only a promise.
#[test]
fn a_promised_length_allocates_nothing() {
    let gigabyte = 1 << 30;
    let config = Config {
        frame_bytes_max: gigabyte,
        message_bytes_max: gigabyte as usize,
        ..Config::default()
    };
    let mut peer = Peer::new(config);
    let head = Head::new(OpCode::Binary, false, gigabyte as usize, Some([0; 4]));
    peer.sends(&mut [head.as_bytes(), b"and no more"].concat());
    assert!(peer.websocket.stream.allocated_bytes() < 1024);
}

/// undici, CVE-2026-1526.
#[test]
fn a_decompression_bomb_takes_no_more_memory_than_a_message_may() {
    let agreed = crate::deflate::Agreed {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    };
    let config = Config { message_bytes_max: 100_000, ..Config::default() };
    let mut peer = Peer::new(config);
    peer.websocket = WebSocket::new(&peer.websocket.config, Some(agreed), Instant::now());

    let mut bomb = Vec::new();
    let mut deflater = crate::deflate::Deflater::new(15, 9);
    deflater.compress_message(&[&vec![0; 32 << 20]], &mut bomb);
    let head = Head::new(OpCode::Binary, true, bomb.len(), Some([0; 4]));
    let failed = peer.sends(&mut [head.as_bytes(), &bomb].concat());
    assert_eq!(failed, ["Failed(InflatedTooLong)"]);
    assert!(peer.scratch.inflated.capacity() <= 200_000);
}

/// fastwebsockets #64 and #76: reading must be cancellable, and nothing of it lost.
#[test]
fn dropping_what_came_unread_loses_neither_place_nor_pongs() {
    let mut peer = Peer::new(Config::default());
    let mut input = Vec::new();
    for (opcode, last, payload) in
        [(OpCode::Text, true, "unread"), (OpCode::Text, false, "Hel"), (OpCode::Ping, true, "?")]
    {
        input.extend(frame(opcode, last, payload.as_bytes()));
    }
    drop(peer.websocket.receive(&mut input, &mut peer.scratch, Instant::now()));
    assert_eq!(peer.says(OpCode::Continuation, true, b"lo"), ["Hello"]);
    let mut output = Vec::new();
    peer.websocket.poll_output(&mut output);
    assert_eq!(output, b"\x8a\x01?");
}

#[test]
fn who_wants_no_more_gets_back_what_was_not_taken_in_as_it_came() {
    let mut peer = Peer::new(Config::default());
    let mut input = Vec::new();
    for text in ["one", "two", "three"] {
        input.extend(frame(OpCode::Text, true, text.as_bytes()));
    }
    let mut rest = {
        let mut received = peer.websocket.receive(&mut input, &mut peer.scratch, Instant::now());
        assert_eq!(received.next(), Some(Event::Text("one")));
        received.into_rest().to_vec()
    };
    assert_eq!(peer.sends(&mut rest), ["two", "three"]);
}

/// tungstenite #357: a write for each message costs 40 %.
#[test]
fn messages_sent_one_after_the_other_leave_together() {
    let mut peer = Peer::new(Config::default());
    let mut output = Vec::new();
    for payload in ["one", "two"] {
        let payload = [payload.as_bytes()];
        peer.websocket.send(Kind::Text, &payload, &mut peer.scratch, &mut output).unwrap();
    }
    assert_eq!(output, b"\x81\x03one\x81\x03two");
}

struct Peer {
    websocket: WebSocket,
    scratch: Scratch,
}

impl Peer {
    fn new(config: Config) -> Self {
        let websocket = WebSocket::new(&Arc::new(config), None, Instant::now());
        Self { websocket, scratch: Scratch::new() }
    }

    fn says(&mut self, opcode: OpCode, last: bool, payload: &[u8]) -> Vec<String> {
        self.sends(&mut frame(opcode, last, payload))
    }

    fn sends(&mut self, input: &mut [u8]) -> Vec<String> {
        let mut received = self.websocket.receive(input, &mut self.scratch, Instant::now());
        let mut told = Vec::new();
        while let Some(event) = received.next() {
            told.push(match event {
                Event::Text(text) => text.to_owned(),
                other => format!("{other:?}"),
            });
        }
        told
    }
}

fn frame(opcode: OpCode, last: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = Head::new(opcode, false, payload.len(), Some([0; 4])).as_bytes().to_vec();
    if !last {
        frame[0] &= 0x7f;
    }
    frame.extend_from_slice(payload);
    frame
}
