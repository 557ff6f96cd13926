//! Heads that come in pieces, that are too long, or that never end.

use std::time::Instant;

use proptest::prelude::*;

use crate::handshake::{
    ClientHandshake, ClientRequest, HandshakeError, Limits, Refusal, ServerHandshake, fuzzing,
};

const BEGIN: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn client() -> ClientHandshake {
    let request = ClientRequest {
        host: "h",
        target: "/",
        protocols: &[],
        headers: &[],
        deflate: None,
        key: *b"the sample nonce",
    };
    ClientHandshake::new(&request, &Limits::default(), &mut Vec::new()).unwrap()
}

#[test]
fn a_head_may_come_byte_by_byte_and_what_follows_is_given_back() {
    let request = format!("{BEGIN}\r\n");
    let mut handshake = ServerHandshake::new(&Limits::default());
    let (last, before) = request.as_bytes().split_last().unwrap();
    for byte in before {
        assert!(handshake.receive(&[*byte]).unwrap().is_none());
    }
    let end = [*last, 0x81, 0x80];
    let (head, leftover) = handshake.receive(&end).unwrap().expect("is whole");
    assert!(head.upgrade().is_ok());
    assert_eq!(leftover, [0x81, 0x80]);
}

#[test]
fn a_head_is_as_long_as_its_limit_and_no_longer() {
    let request = format!("{BEGIN}\r\n");
    for (room, accepted) in [(0, true), (1, false)] {
        let limits = Limits { head_bytes_max: request.len() - room, ..Limits::default() };
        for size in [1, 7, request.len()] {
            let mut handshake = ServerHandshake::new(&limits);
            let outcome = request.as_bytes().chunks(size).find_map(|piece| {
                handshake.receive(piece).map(|received| received.map(|_| ())).transpose()
            });
            assert_eq!(outcome, Some(if accepted { Ok(()) } else { Err(Refusal::HeadTooLong) }));
        }
    }
}

// ws GHSA-3h5v-q93c-6h6q.
#[test]
fn very_many_headers_are_refused_at_the_first_too_many() {
    let limits = Limits { head_bytes_max: 10 << 20, headers_max: 10 };
    let ten = format!("{BEGIN}{}", "a: b\r\n".repeat(5));
    let mut handshake = ServerHandshake::new(&limits);
    assert!(handshake.receive(ten.as_bytes()).unwrap().is_none());
    assert!(handshake.receive(b"\r\n").unwrap().is_some());

    let mut handshake = ServerHandshake::new(&limits);
    assert!(handshake.receive(ten.as_bytes()).unwrap().is_none());
    assert_eq!(handshake.receive(b"a:\r\n").unwrap_err(), Refusal::TooManyHeaders);

    let response = format!("HTTP/1.1 101 Ok\r\n{}", "a: b\r\n".repeat(101));
    assert_eq!(client().receive(response.as_bytes()), Err(HandshakeError::TooManyHeaders));
}

// tungstenite CVE-2023-43669: the head was parsed again from its start at every read.
#[test]
#[expect(clippy::disallowed_methods, reason = "it compares two times")]
fn a_head_that_comes_byte_by_byte_costs_about_as_much_as_one_that_comes_whole() {
    let bytes = 8 << 20;
    let request = [BEGIN.as_bytes(), &b"x: ".repeat(bytes / 3)].concat();
    let limits = Limits { head_bytes_max: 2 * bytes, ..Limits::default() };
    let seconds = |size: usize| {
        let begin = Instant::now();
        let mut handshake = ServerHandshake::new(&limits);
        for piece in request.chunks(size) {
            assert!(handshake.receive(piece).unwrap().is_none());
        }
        begin.elapsed().as_secs_f64()
    };
    // Quadratic would be a million times as much.
    let (whole, bytewise) = (seconds(request.len()), seconds(1));
    assert!(bytewise < 200.0 * whole.max(0.001), "{bytewise} s after {whole} s");
}

#[test]
fn other_protocols_are_refused_at_their_first_bytes() {
    for (first, refusal) in [
        (&b"\x16\x03\x01\x02\x00"[..], Refusal::ControlByte),
        (b"\r\n", Refusal::Malformed),
        (b"\n", Refusal::ControlByte),
        (b" GET", Refusal::ControlByte),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refusal::HttpVersion),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Refusal::Malformed),
    ] {
        let mut handshake = ServerHandshake::new(&Limits::default());
        assert_eq!(handshake.receive(first).unwrap_err(), refusal, "{}", first.escape_ascii());
    }
}

proptest! {
    #[test]
    fn pieces_change_nothing(
        size: u8,
        lines in prop::collection::vec(
            prop_oneof![
                Just("GET / HTTP/1.1".to_owned()),
                Just("HTTP/1.1 101 Switching Protocols".to_owned()),
                Just("Host: h".to_owned()),
                Just("Upgrade: websocket".to_owned()),
                Just("Connection: upgrade".to_owned()),
                Just("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
                Just("Sec-WebSocket-Version: 13".to_owned()),
                Just("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()),
                "Sec-WebSocket-Protocol: [a-c, ]{0,8}",
                "Sec-WebSocket-Extensions: permessage-deflate[;=\", 0-9a-z_]{0,30}",
                "[A-Za-z-]{0,9}: ?.{0,9}",
                Just(String::new()),
            ],
            0..12,
        ),
    ) {
        let mut data = vec![size];
        data.extend_from_slice(lines.join("\r\n").as_bytes());
        fuzzing::handshake(&data);
    }

    #[test]
    fn random_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::handshake(&data);
    }
}
