use expect_test::{Expect, expect};

use crate::deflate::Settings;
use crate::handshake::{ClientHandshake, ClientRequest, InvalidRequest, Limits, ServerHandshake};

const REQUEST: ClientRequest<'_> = ClientRequest {
    host: "server.example.com",
    target: "/chat?room=1",
    protocols: &["chat", "superchat"],
    headers: &[("Origin", "http://example.com"), ("Cookie", "a=b; c=d")],
    deflate: None,
    key: *b"the sample nonce",
};

fn connect(request: &ClientRequest<'_>) -> ClientHandshake {
    ClientHandshake::new(request, &Limits::default(), &mut Vec::new()).expect("is valid")
}

/// The lines that make the right response to [`REQUEST`].
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols | Upgrade: websocket | \
    Connection: Upgrade | Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Checks what the client makes of the right response with these lines at its end, or of these
/// lines alone if the first of them is a status line.
fn check(request: &ClientRequest<'_>, changes: &[&str], expected: &Expect) {
    let mut transcript = String::new();
    for change in changes {
        let lines = match change.split('/').next() {
            Some("HTTP" | "ICY 200 OK") => change.to_string(),
            Some("") => RESPONSE.to_owned(),
            _ => [RESPONSE, change].join(" | "),
        };
        let response = (lines + " | | ").replace(" | ", "\r\n").replace("| ", "\r\n");
        let outcome = match connect(request).receive(response.as_bytes()) {
            Ok(Some((accepted, _))) => format!("{accepted:?}"),
            Ok(None) => "waits for more".to_owned(),
            Err(error) => format!("failed: {error}"),
        };
        transcript.push_str(&format!("{}\n    {outcome}\n", change.escape_debug()));
    }
    expected.assert_eq(&transcript);
}

#[test]
fn a_request_says_what_the_client_wants() {
    let mut output = Vec::new();
    let request = ClientRequest { deflate: Some(Settings::default()), ..REQUEST };
    ClientHandshake::new(&request, &Limits::default(), &mut output).unwrap();
    let expected = expect![[r#"
        GET /chat?room=1 HTTP/1.1
        Host: server.example.com
        Upgrade: websocket
        Connection: Upgrade
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        Sec-WebSocket-Protocol: chat, superchat
        Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits
        Origin: http://example.com
        Cookie: a=b; c=d

    "#]];
    expected.assert_eq(&String::from_utf8(output).unwrap().replace('\r', ""));
}

#[test]
fn a_response_has_to_be_the_answer_to_the_request() {
    check(
        &REQUEST,
        &[
            "",
            "Sec-WebSocket-Protocol: superchat",
            "Sec-WebSocket-Protocol: megachat",
            "Sec-WebSocket-Protocol: Chat",
            "Sec-WebSocket-Protocol: chat, superchat",
            "Sec-WebSocket-Protocol: chat | Sec-WebSocket-Protocol: chat",
            "Sec-WebSocket-Protocol:",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Sec-WebSocket-Extensions:",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 301 Moved | Location: /",
            "HTTP/1.1 401 Unauthorized",
            "HTTP/1.0 101 Switching Protocols",
            "HTTP/2 101",
            "ICY 200 OK",
            "HTTP/1.1 101 Switching Protocols",
            "HTTP/1.1 101 Switching Protocols | Upgrade: websocket",
            "HTTP/1.1 101 Switching Protocols | Upgrade: websocket | Connection: upgrade",
            "HTTP/1.1 101 | Upgrade: websocket | Connection: upgrade | Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=",
            "HTTP/1.1 101  | upgrade: WebSocket | connection: UPGRADE | sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "X: a\0b",
            "X: a\r\n folded",
            "X: a\nY: b",
            "X: a\rY: b",
        ],
        &expect![[r#"

                Accepted { protocol: None, deflate: None }
            Sec-WebSocket-Protocol: superchat
                Accepted { protocol: Some("superchat"), deflate: None }
            Sec-WebSocket-Protocol: megachat
                failed: the server chose a subprotocol that was not asked for
            Sec-WebSocket-Protocol: Chat
                failed: the server chose a subprotocol that was not asked for
            Sec-WebSocket-Protocol: chat, superchat
                failed: the server chose a subprotocol that was not asked for
            Sec-WebSocket-Protocol: chat | Sec-WebSocket-Protocol: chat
                failed: the server chose a subprotocol that was not asked for
            Sec-WebSocket-Protocol:
                failed: the server chose a subprotocol that was not asked for
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
                failed: the server's Sec-WebSocket-Accept does not fit the key
            Sec-WebSocket-Extensions:
                Accepted { protocol: None, deflate: None }
            Sec-WebSocket-Extensions: permessage-deflate
                failed: the server chose an extension that was not offered
            HTTP/1.1 200 OK
                failed: the server answered 200
            HTTP/1.1 301 Moved | Location: /
                failed: the server answered 301
            HTTP/1.1 401 Unauthorized
                failed: the server answered 401
            HTTP/1.0 101 Switching Protocols
                failed: the server's response is not HTTP/1.1
            HTTP/2 101
                failed: the server's response is not HTTP/1.1
            ICY 200 OK
                failed: the server's response is not HTTP/1.1
            HTTP/1.1 101 Switching Protocols
                failed: the server's Upgrade does not hold websocket
            HTTP/1.1 101 Switching Protocols | Upgrade: websocket
                failed: the server's Connection does not hold Upgrade
            HTTP/1.1 101 Switching Protocols | Upgrade: websocket | Connection: upgrade
                failed: the server's Sec-WebSocket-Accept does not fit the key
            HTTP/1.1 101 | Upgrade: websocket | Connection: upgrade | Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=
                failed: the server's Sec-WebSocket-Accept does not fit the key
            HTTP/1.1 101  | upgrade: WebSocket | connection: UPGRADE | sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
                Accepted { protocol: None, deflate: None }
            X: a\0b
                failed: the server's response is not HTTP/1.1
            X: a\r\n folded
                failed: the server's response is not HTTP/1.1
            X: a\nY: b
                failed: the server's response is not HTTP/1.1
            X: a\rY: b
                failed: the server's response is not HTTP/1.1
        "#]],
    );
}

#[test]
fn compression_has_to_fit_what_was_offered() {
    check(
        &ClientRequest { deflate: Some(Settings::default()), ..REQUEST },
        &[
            "",
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=8",
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=1000",
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover | Sec-WebSocket-Extensions: bzip2",
            "Sec-WebSocket-Extensions: \u{e9}",
        ],
        &expect![[r#"

                Accepted { protocol: None, deflate: None }
            Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover
                Accepted { protocol: None, deflate: Some(Agreed { server_no_context_takeover: true, client_no_context_takeover: true, server_max_window_bits: 15, client_max_window_bits: 15 }) }
            Sec-WebSocket-Extensions: permessage-deflate
                failed: the server did not take up server_no_context_takeover
            Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=8
                failed: the server chose a size of window that was not offered
            Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=1000
                failed: the server's answer has an invalid parameter of permessage-deflate
            Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover | Sec-WebSocket-Extensions: bzip2
                failed: the server chose an extension that was not offered
            Sec-WebSocket-Extensions: é
                failed: the server's Sec-WebSocket-Extensions is malformed
        "#]],
    );
}

#[test]
fn a_request_whose_parts_would_make_it_another_is_not_written() {
    let refused = [
        ClientRequest { host: "", ..REQUEST },
        ClientRequest { host: "a\r\nb", ..REQUEST },
        ClientRequest { target: "chat", ..REQUEST },
        ClientRequest { target: "/ HTTP/1.1\r\nX: y", ..REQUEST },
        ClientRequest { target: "/\u{e9}", ..REQUEST },
        ClientRequest { protocols: &["a b"], ..REQUEST },
        ClientRequest { protocols: &["a", "b", "a"], ..REQUEST },
        ClientRequest { headers: &[("X", "a\r\nY: b")], ..REQUEST },
        ClientRequest { headers: &[("X:", "a")], ..REQUEST },
        ClientRequest { headers: &[("sec-websocket-key", "a")], ..REQUEST },
        ClientRequest { headers: &[("transfer-encoding", "chunked")], ..REQUEST },
    ];
    for request in refused {
        let mut output = Vec::new();
        let outcome = ClientHandshake::new(&request, &Limits::default(), &mut output);
        assert_eq!(outcome.map(|_| ()), Err(InvalidRequest), "{request:?}");
        assert!(output.is_empty());
    }
}

#[test]
fn our_client_and_our_server_understand_each_other() {
    for settings in [None, Some(Settings::default())] {
        let (mut request, mut response) = (Vec::new(), Vec::new());
        let asked = ClientRequest { deflate: settings, ..REQUEST };
        let limits = Limits::default();
        let mut client = ClientHandshake::new(&asked, &limits, &mut request).unwrap();

        let mut server = ServerHandshake::new(&limits);
        let (head, _) = server.receive(&request).unwrap().expect("is whole");
        let upgrade = head.upgrade().unwrap();
        let answer = upgrade.answer(&["superchat"], settings.as_ref());
        answer.append(&mut response);
        response.extend_from_slice(&[0x81, 0]);

        let (accepted, leftover) = client.receive(&response).unwrap().expect("is whole");
        assert_eq!(accepted.protocol.as_deref(), Some("superchat"));
        assert_eq!(accepted.deflate, answer.deflate);
        assert_eq!(leftover, [0x81, 0]);
    }
}
