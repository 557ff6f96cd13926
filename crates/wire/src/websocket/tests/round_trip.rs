//! What one end sends, the other receives: any messages, any reads, compressed or not.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use crate::deflate::Agreed;
use crate::frame::Role;
use crate::websocket::{Config, Event, Kind, MaskKeys, Scratch, WebSocket};

proptest! {
    #[test]
    fn what_one_end_sends_the_other_receives(
        sender in prop_oneof![Just(Role::Server), Just(Role::Client)],
        deflate in proptest::option::of(any_agreed()),
        messages in proptest::collection::vec(any_message(), 0..8),
        reads in proptest::collection::vec(1_usize..2000, 1..20),
    ) {
        let receiver = if sender == Role::Server { Role::Client } else { Role::Server };
        let (mut scratch, mut line) = (Scratch::new(), Vec::new());
        let mut sending = websocket(sender, deflate);
        for message in &messages {
            let slices = message.slices.iter().map(String::as_bytes).collect::<Vec<_>>();
            sending.send(message.kind, &slices, &mut scratch, &mut line).expect("open");
        }
        let mut receiving = websocket(receiver, deflate);
        prop_assert_eq!(
            receive(&mut receiving, &mut line, &reads),
            messages.iter().map(Message::told).collect::<Vec<_>>()
        );
    }

    #[test]
    fn fragments_cut_anywhere_make_the_message_again(
        text in "\\PC{0,300}",
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..10),
        reads in proptest::collection::vec(1_usize..100, 1..20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let mut line = Vec::new();
        let mut from = 0;
        for (number, to) in cuts.iter().copied().chain([text.len()]).enumerate() {
            let opcode = if number == 0 { 1 } else { 0 };
            let last = if number == cuts.len() { 0x80 } else { 0 };
            let head = crate::Head::new(crate::OpCode::Text, false, to - from, Some([0; 4]));
            let at = line.len();
            line.extend_from_slice(head.as_bytes());
            line[at] = opcode | last;
            line.extend_from_slice(&text.as_bytes()[from..to]);
            from = to;
        }
        let mut receiving = websocket(Role::Server, None);
        prop_assert_eq!(receive(&mut receiving, &mut line, &reads), [format!("Text({text:?})")]);
    }
}

#[derive(Clone, Debug)]
struct Message {
    kind: Kind,
    slices: Vec<String>,
}

impl Message {
    fn told(&self) -> String {
        let text = self.slices.concat();
        match self.kind {
            Kind::Text => format!("{:?}", Event::Text(&text)),
            Kind::Binary => format!("{:?}", Event::Binary(text.as_bytes())),
        }
    }
}

fn any_message() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Binary)];
    let repeated = ("\\PC{0,40}", 0_usize..40).prop_map(|(text, times)| text.repeat(times));
    (kind, proptest::collection::vec(repeated, 0..4))
        .prop_map(|(kind, slices)| Message { kind, slices })
}

fn any_agreed() -> impl Strategy<Value = Agreed> {
    (any::<bool>(), any::<bool>(), 9_u8..=15, 9_u8..=15).prop_map(
        |(server_no_context_takeover, client_no_context_takeover, server, client)| Agreed {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits: server,
            client_max_window_bits: client,
        },
    )
}

fn websocket(role: Role, deflate: Option<Agreed>) -> WebSocket {
    let mask_keys = MaskKeys::new(*b"sixteen of chaos");
    let config = Config { role, mask_keys, compress_bytes_min: 1, ..Config::default() };
    WebSocket::new(&Arc::new(config), deflate, Instant::now())
}

/// Receives `line` in reads of these lengths, again and again.
fn receive(websocket: &mut WebSocket, line: &mut [u8], reads: &[usize]) -> Vec<String> {
    let (mut scratch, mut told, mut rest) = (Scratch::new(), Vec::new(), line);
    for bytes in reads.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, after) = rest.split_at_mut((*bytes).min(rest.len()));
        rest = after;
        let mut received = websocket.receive(read, &mut scratch, Instant::now());
        while let Some(event) = received.next() {
            told.push(format!("{event:?}"));
        }
    }
    told
}
