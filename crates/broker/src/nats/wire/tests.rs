use super::*;

const SCRIPT: &[u8] = b"INFO {\"max_payload\":5}\r\nPING\r\nMSG a.b 7 5\r\n{\r\n1}\r\n\
    msg c 8 reply.to 0\r\n\r\n+OK\r\nPONG\r\n-ERR 'Authorization Violation'\r\n";

fn frames(pieces: impl Iterator<Item = &'static [u8]>) -> Vec<Frame> {
    let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(frame) = next(&mut buffer).expect("it is NATS") {
            frames.push(frame);
        }
    }
    assert!(buffer.is_empty());
    frames
}

#[test]
fn frames_are_read_wherever_the_stream_is_cut() {
    let message = |subject: &'static str, payload: &'static [u8]| Frame::Message {
        subject: subject.into(),
        payload: payload.into(),
    };
    let expected = [
        Frame::Info(Bytes::from_static(b" {\"max_payload\":5}")),
        Frame::Ping,
        message("a.b", b"{\r\n1}"),
        message("c", b""),
        Frame::Other,
        Frame::Pong,
        Frame::Error(String::from("Authorization Violation")),
    ];
    assert_eq!(frames(std::iter::once(SCRIPT)), expected);
    assert_eq!(frames(SCRIPT.chunks(1)), expected);
    for cut in 0..SCRIPT.len() {
        let (begin, end) = SCRIPT.split_at(cut);
        assert_eq!(frames([begin, end].into_iter()), expected, "cut at {cut}");
    }
}

#[test]
fn what_is_not_nats_is_refused() {
    let endless = "INFO ".repeat(LINE_MAX);
    for text in [
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "PINGS\r\n",
        "MSG a 1\r\n",
        "MSG a 1 -1\r\n",
        "MSG a 1 99999999999\r\n",
        "MSG a 1 99999999999999999999999\r\n",
        "MSG a 1 b c 2\r\nxx\r\n",
        "MSG a 1 1\r\nxxxx",
        &endless,
    ] {
        assert_eq!(next(&mut BytesMut::from(text)), Err(NotNats), "{text:.40}");
    }
}
