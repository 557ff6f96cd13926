use expect_test::{Expect, expect};

use super::head;
use crate::deflate::Settings;
use crate::handshake::{Limits, Refusal, ServerHandshake, Upgrade};

const REQUEST: &str = "
    GET /chat HTTP/1.1
    Host: server.example.com
    Upgrade: websocket
    Connection: Upgrade
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
    Sec-WebSocket-Version: 13
";

/// Plays a server that speaks `chat` and `superchat` and compresses.
fn serve(request: &[u8]) -> String {
    let mut output = Vec::new();
    let mut handshake = ServerHandshake::new(&Limits::default());
    let upgraded = handshake.receive(request).and_then(|received| {
        let Some((head, leftover)) = received else { return Ok("(waits for more)\n".to_owned()) };
        let answer = head.upgrade()?;
        answer.answer(&["chat", "superchat"], Some(&Settings::default())).append(&mut output);
        Ok(if leftover.is_empty() { String::new() } else { format!("then {leftover:?}\n") })
    });
    let rest = upgraded.unwrap_or_else(|refusal| {
        refusal.append(&mut output);
        String::new()
    });
    String::from_utf8(output).expect("heads are text").replace('\r', "") + &rest
}

/// Checks what is answered to the request with some lines changed: `-Name` takes one out, `Name: …`
/// replaces it or comes last, `+Name: …` repeats it, and another first line replaces the first.
fn check(changes: &[&str], expected: &Expect) {
    let mut transcript = String::new();
    for changes in changes {
        let mut lines: Vec<String> =
            REQUEST.trim().lines().map(|line| line.trim().into()).collect();
        for change in changes.split(" | ") {
            let name = change.trim_start_matches(['-', '+']).split(':').next().unwrap_or_default();
            let known = lines.iter().position(|line| line.starts_with(&format!("{name}:")));
            match (change.as_bytes()[0], known) {
                (b'-', Some(place)) => drop(lines.remove(place)),
                (b'+', _) => lines.push(change[1..].to_owned()),
                (_, Some(place)) => lines[place] = change.to_string(),
                _ if change.contains(" HTTP/") => lines[0] = change.to_string(),
                _ => lines.push(change.to_string()),
            }
        }
        let response = serve((lines.join("\r\n") + "\r\n\r\n").as_bytes());
        let status = response.lines().next().unwrap_or_default();
        let body = response.split_once("\n\n").map_or("", |(_, body)| body);
        transcript.push_str(&format!("{}: {status} {body}", changes.escape_debug()));
        transcript.push_str(if body.is_empty() { "\n" } else { "" });
    }
    expected.assert_eq(&transcript);
}

#[test]
fn the_example_of_rfc_6455_is_accepted() {
    let mut request = head(&format!(
        "{REQUEST}
        Origin: http://example.com
        Sec-WebSocket-Protocol: unknown, superchat
        Sec-WebSocket-Protocol: chat
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ));
    request.extend_from_slice(&[0x81, 0x80]);
    let expected = expect![[r#"
        HTTP/1.1 101 Switching Protocols
        Upgrade: websocket
        Connection: Upgrade
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
        Sec-WebSocket-Protocol: superchat
        Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover

        then [129, 128]
    "#]];
    expected.assert_eq(&serve(&request));
}

#[test]
fn names_and_tokens_are_read_in_any_case_and_place() {
    check(
        &[
            "Connection: keep-alive, UPGRADE",
            "Connection: keep-alive | +connection: upgrade",
            "Upgrade: h2c,,  WebSocket",
            "-Host | host: h",
            "Content-Length: 0",
            "Sec-WebSocket-Key:   dGhlIHNhbXBsZSBub25jZQ==\t ",
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=77",
            "Sec-WebSocket-Extensions: ;;;",
        ],
        &expect![[r#"
            Connection: keep-alive, UPGRADE: HTTP/1.1 101 Switching Protocols 
            Connection: keep-alive | +connection: upgrade: HTTP/1.1 101 Switching Protocols 
            Upgrade: h2c,,  WebSocket: HTTP/1.1 101 Switching Protocols 
            -Host | host: h: HTTP/1.1 101 Switching Protocols 
            Content-Length: 0: HTTP/1.1 101 Switching Protocols 
            Sec-WebSocket-Key:   dGhlIHNhbXBsZSBub25jZQ==\t : HTTP/1.1 101 Switching Protocols 
            Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=77: HTTP/1.1 101 Switching Protocols 
            Sec-WebSocket-Extensions: ;;;: HTTP/1.1 101 Switching Protocols 
        "#]],
    );
}

#[test]
fn every_wrong_request_is_refused_with_its_reason() {
    check(
        &[
            "POST /chat HTTP/1.1",
            "GET /chat HTTP/1.0",
            "PRI * HTTP/2.0",
            "GET  /chat HTTP/1.1",
            "GET /ch at HTTP/1.1",
            "-Host",
            "+Host: other",
            "+Origin: a | +Origin: b",
            "-Upgrade",
            "Upgrade: websockets",
            "-Connection",
            "Connection: keep-alive",
            "-Sec-WebSocket-Version",
            "Sec-WebSocket-Version: 8",
            "Sec-WebSocket-Version: 013",
            "Sec-WebSocket-Version: 13, 8",
            "+Sec-WebSocket-Version: 13",
            "-Sec-WebSocket-Key",
            "+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==",
            "Sec-WebSocket-Protocol: chat, chat",
            "Sec-WebSocket-Protocol: chat superchat",
            "Sec-WebSocket-Protocol: chät",
        ],
        &expect![[r#"
            POST /chat HTTP/1.1: HTTP/1.1 405 Method Not Allowed a WebSocket begins with GET
            GET /chat HTTP/1.0: HTTP/1.1 400 Bad Request only HTTP/1.1 can be upgraded here
            PRI * HTTP/2.0: HTTP/1.1 400 Bad Request only HTTP/1.1 can be upgraded here
            GET  /chat HTTP/1.1: HTTP/1.1 400 Bad Request this is not an HTTP/1.1 request
            GET /ch at HTTP/1.1: HTTP/1.1 400 Bad Request only HTTP/1.1 can be upgraded here
            -Host: HTTP/1.1 400 Bad Request Host is missing
            +Host: other: HTTP/1.1 400 Bad Request Host must not be repeated
            +Origin: a | +Origin: b: HTTP/1.1 400 Bad Request Origin must not be repeated
            -Upgrade: HTTP/1.1 426 Upgrade Required this is a WebSocket: Upgrade must hold websocket
            Upgrade: websockets: HTTP/1.1 426 Upgrade Required this is a WebSocket: Upgrade must hold websocket
            -Connection: HTTP/1.1 400 Bad Request Connection must hold Upgrade
            Connection: keep-alive: HTTP/1.1 400 Bad Request Connection must hold Upgrade
            -Sec-WebSocket-Version: HTTP/1.1 426 Upgrade Required Sec-WebSocket-Version must be 13
            Sec-WebSocket-Version: 8: HTTP/1.1 426 Upgrade Required Sec-WebSocket-Version must be 13
            Sec-WebSocket-Version: 013: HTTP/1.1 426 Upgrade Required Sec-WebSocket-Version must be 13
            Sec-WebSocket-Version: 13, 8: HTTP/1.1 426 Upgrade Required Sec-WebSocket-Version must be 13
            +Sec-WebSocket-Version: 13: HTTP/1.1 400 Bad Request Sec-WebSocket-Version must not be repeated
            -Sec-WebSocket-Key: HTTP/1.1 400 Bad Request Sec-WebSocket-Key is missing
            +Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==: HTTP/1.1 400 Bad Request Sec-WebSocket-Key must not be repeated
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ: HTTP/1.1 400 Bad Request Sec-WebSocket-Key must be 16 bytes in base64
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=: HTTP/1.1 400 Bad Request Sec-WebSocket-Key must be 16 bytes in base64
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==: HTTP/1.1 400 Bad Request Sec-WebSocket-Key must be 16 bytes in base64
            Sec-WebSocket-Protocol: chat, chat: HTTP/1.1 400 Bad Request Sec-WebSocket-Protocol must be a list of different tokens
            Sec-WebSocket-Protocol: chat superchat: HTTP/1.1 400 Bad Request Sec-WebSocket-Protocol must be a list of different tokens
            Sec-WebSocket-Protocol: chät: HTTP/1.1 400 Bad Request Sec-WebSocket-Protocol must be a list of different tokens
        "#]],
    );
}

// daphne CVE-2026-44546.
#[test]
fn what_a_proxy_might_read_as_another_request_is_refused() {
    check(
        &[
            "Content-Length: 5",
            "Content-Length: 0 | +Content-Length: 5",
            "Content-Length: +0",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "X: a\0b",
            "X: a\u{b}b",
            "X: a\u{7f}b",
            "X : a",
            "X",
            ": a",
            "X: a\rY: b",
            "X: a\nTransfer-Encoding: chunked",
            "X: a\r\r\nY: b",
            "X: a\r\n folded",
            "X: a\r\n\tfolded",
            "Sec-WebSocket-Protocol: chat\u{1}",
            "GET /\0 HTTP/1.1",
        ],
        &expect![[r#"
            Content-Length: 5: HTTP/1.1 400 Bad Request a request that asks for an upgrade must not have a body
            Content-Length: 0 | +Content-Length: 5: HTTP/1.1 400 Bad Request a request that asks for an upgrade must not have a body
            Content-Length: +0: HTTP/1.1 400 Bad Request a request that asks for an upgrade must not have a body
            Transfer-Encoding: chunked: HTTP/1.1 400 Bad Request a request that asks for an upgrade must not have a body
            Transfer-Encoding: identity: HTTP/1.1 400 Bad Request a request that asks for an upgrade must not have a body
            X: a\0b: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\u{b}b: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\u{7f}b: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X : a: HTTP/1.1 400 Bad Request this is not an HTTP/1.1 request
            X: HTTP/1.1 400 Bad Request this is not an HTTP/1.1 request
            : a: HTTP/1.1 400 Bad Request this is not an HTTP/1.1 request
            X: a\rY: b: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\nTransfer-Encoding: chunked: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\r\r\nY: b: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\r\n folded: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            X: a\r\n\tfolded: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            Sec-WebSocket-Protocol: chat\u{1}: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
            GET /\0 HTTP/1.1: HTTP/1.1 400 Bad Request the request has a control byte or a broken line in its head
        "#]],
    );
}

#[test]
fn header_lists_from_elsewhere_are_held_to_the_same() {
    let upgrade = |name: &str, value: &[u8]| {
        let request: [(&str, &[u8]); 6] = [
            ("host", b"h"),
            ("upgrade", b"websocket"),
            ("connection", b"upgrade"),
            ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", b"13"),
            (name, value),
        ];
        Upgrade::from_parts("GET", 1, request).map(|upgrade| upgrade.extensions)
    };
    assert_eq!(upgrade("x", b"caf\xe9 \t ok"), Ok(String::new()));
    assert_eq!(upgrade("x", b"a\r\nTransfer-Encoding: chunked"), Err(Refusal::ControlByte));
    assert_eq!(upgrade("x", b"\0"), Err(Refusal::ControlByte));
    assert_eq!(upgrade("x y", b""), Err(Refusal::ControlByte));
    assert_eq!(upgrade("", b""), Err(Refusal::ControlByte));
    assert_eq!(upgrade("content-length", b"00"), Err(Refusal::Body));
    assert_eq!(upgrade("Transfer-Encoding", b""), Err(Refusal::Body));
    assert_eq!(upgrade("sec-websocket-extensions", b"\xff"), Ok(String::new()));
    assert_eq!(upgrade("sec-websocket-extensions", b" a "), Ok("a".to_owned()));
}

#[test]
fn refusals_say_what_would_have_been_right() {
    let answer = |refusal: Refusal| {
        let mut output = Vec::new();
        refusal.append(&mut output);
        String::from_utf8(output).unwrap().replace('\r', "")
    };
    let transcript = [Refusal::Version, Refusal::Method, Refusal::Origin, Refusal::HeadTooLong]
        .map(answer)
        .join("\n");
    let expected = expect![[r#"
        HTTP/1.1 426 Upgrade Required
        Upgrade: websocket
        Connection: Upgrade
        Sec-WebSocket-Version: 13
        Connection: close
        Content-Type: text/plain; charset=utf-8
        Content-Length: 33

        Sec-WebSocket-Version must be 13

        HTTP/1.1 405 Method Not Allowed
        Allow: GET
        Connection: close
        Content-Type: text/plain; charset=utf-8
        Content-Length: 28

        a WebSocket begins with GET

        HTTP/1.1 403 Forbidden
        Connection: close
        Content-Type: text/plain; charset=utf-8
        Content-Length: 32

        this Origin is not allowed here

        HTTP/1.1 431 Request Header Fields Too Large
        Connection: close
        Content-Type: text/plain; charset=utf-8
        Content-Length: 31

        the request's head is too long
    "#]];
    expected.assert_eq(&transcript);
}

#[test]
fn a_head_tells_its_owner_what_was_asked() {
    let request = head(&format!("{REQUEST} X: 1\nx: 2\nCookie: caf\u{e9}"));
    let mut handshake = ServerHandshake::new(&Limits::default());
    let (head, _) = handshake.receive(&request).unwrap().expect("is whole");
    assert_eq!((head.method(), head.target()), ("GET", "/chat"));
    assert_eq!(head.header("x"), Some(&b"1"[..]));
    assert_eq!(head.header("COOKIE"), Some("café".as_bytes()));
    assert_eq!(head.header("Origin"), None);
    assert_eq!(head.headers().count(), 8);
}
