//! Two websockets that talk to each other over a slow line: whatever they do, in whatever order,
//! they part in agreement, and nothing that was sent is lost.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use crate::close::CloseCode;
use crate::frame::Role;
use crate::websocket::{Config, Event, Kind, Scratch, State, WebSocket};

#[derive(Clone, Debug)]
enum Act {
    Send(End, u8),
    Close(End, u16),
    Ping(End),
    /// So many bytes arrive at this end.
    Arrive(End, usize),
}

type End = usize;

proptest! {
    #[test]
    fn two_ends_part_in_agreement_and_lose_nothing(
        acts in proptest::collection::vec(any_act(), 0..40),
    ) {
        let mut ends = [Talker::new(Role::Server), Talker::new(Role::Client)];
        for act in acts {
            match act {
                Act::Send(end, number) => ends[end].send(number),
                Act::Close(end, code) => ends[end].close(code),
                Act::Ping(end) => ends[end].websocket.queue_ping(),
                Act::Arrive(end, bytes) => arrive(&mut ends, end, bytes),
            }
            ends.iter_mut().for_each(Talker::poll);
        }
        ends[0].close(1001);
        ends[0].poll();
        while ends.iter().any(|end| !end.line.is_empty()) {
            arrive(&mut ends, 0, usize::MAX);
            arrive(&mut ends, 1, usize::MAX);
        }

        let [server, client] = &ends;
        prop_assert_eq!(&server.sent, &client.received);
        prop_assert_eq!(&client.sent, &server.received);
        for end in &ends {
            prop_assert_eq!(end.websocket.state(), State::Closed);
            let closed = end.websocket.closed().expect("closed");
            prop_assert!(closed.clean && closed.error.is_none(), "{closed:?}");
        }
        prop_assert!(server.websocket.should_hang_up());
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    let end = 0_usize..2;
    prop_oneof![
        6 => (end.clone(), any::<u8>()).prop_map(|(end, number)| Act::Send(end, number)),
        1 => (end.clone(), 3000_u16..5000).prop_map(|(end, code)| Act::Close(end, code)),
        1 => end.clone().prop_map(Act::Ping),
        8 => (end, 1_usize..30).prop_map(|(end, bytes)| Act::Arrive(end, bytes)),
    ]
}

/// One end, and the line on which it sends.
struct Talker {
    websocket: WebSocket,
    scratch: Scratch,
    line: Vec<u8>,
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Talker {
    fn new(role: Role) -> Self {
        let config = Arc::new(Config { role, ..Config::default() });
        Self {
            websocket: WebSocket::new(&config, None, Instant::now()),
            scratch: Scratch::new(),
            line: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
        }
    }

    fn send(&mut self, number: u8) {
        let payload = vec![number; usize::from(number)];
        let Self { websocket, scratch, line, sent, .. } = self;
        if websocket.send(Kind::Binary, &[&[number], &payload], scratch, line).is_ok() {
            sent.push(number);
        }
    }

    fn close(&mut self, code: u16) {
        let code = CloseCode::from_wire(code).expect("a code that may travel");
        self.websocket.close(code, "enough", Instant::now());
    }

    fn poll(&mut self) {
        self.websocket.poll_output(&mut self.line);
    }

    fn receive(&mut self, mut input: Vec<u8>) {
        let now = Instant::now();
        let mut received = self.websocket.receive(&mut input, &mut self.scratch, now);
        while let Some(event) = received.next() {
            match event {
                Event::Binary(payload) => self.received.push(payload[0]),
                Event::Text(_) | Event::Failed(_) => panic!("nobody said so: {event:?}"),
                Event::Ping(_) | Event::Pong(_) | Event::Close(..) => {}
            }
        }
        drop(received);
        self.poll();
    }
}

fn arrive(ends: &mut [Talker; 2], at: End, bytes: usize) {
    let line = &mut ends[1 - at].line;
    let arriving = line.drain(..bytes.min(line.len())).collect();
    ends[at].receive(arriving);
}
