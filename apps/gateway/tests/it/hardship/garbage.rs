//! What is no HTTP, or HTTP for something else, on both listeners.

use super::raw::{OPENING, Raw};
use super::{Witness, comes_to, start};
use crate::support::campanile::Campanile;
use expect_test::expect;
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt as _;

/// Cases after which nothing follows that would make them whole.
const CUT: [&str; 4] = ["nothing", "empty lines", "half a head", "a TLS hello"];

/// Sends bytes, and no more if they are `cut`, and returns how it is answered.
async fn answer(address: SocketAddr, bytes: &[u8], cut: bool) -> String {
    let mut raw = Raw::connect(address).await;
    raw.send(bytes).await;
    if cut {
        let _ = raw.stream.shutdown().await;
    }
    match raw.head().await {
        Some(head) => head.lines().next().unwrap_or_default().to_owned(),
        None => "hung up".to_owned(),
    }
}

async fn on_both(campanile: &Campanile, bytes: &[u8], cut: bool) -> String {
    let public = answer(campanile.public, bytes, cut).await;
    let internal = answer(campanile.internal, bytes, cut).await;
    if public == internal { public } else { format!("{public} | {internal}") }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_for_us_is_refused_on_both_listeners() {
    let (campanile, _backend) = start(|start| start).await;
    let mut witness = Witness::subscribe(&campanile).await;
    let get = |rest: &str| format!("GET /ws/ HTTP/1.1\r\n{rest}\r\n\r\n").into_bytes();
    let post =
        |rest: &str| format!("POST /trigger/ HTTP/1.1\r\nHost: localhost\r\n{rest}").into_bytes();
    let opening = |from: &str, to: &str| OPENING.replacen(from, to, 1).into_bytes();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("empty lines", b"\r\n\r\n\r\n".to_vec()),
        ("half a head", b"GET /ws/ HTTP/1.1\r\nHost: localhost\r\n".to_vec()),
        ("bytes", (0..=255).collect()),
        ("a TLS hello", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /ws/\r\n".to_vec()),
        ("HTTP/9.9", b"GET /ws/ HTTP/9.9\r\n\r\n".to_vec()),
        ("a long target", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)).into_bytes()),
        ("many headers", get(&vec!["X: y"; 1_000].join("\r\n"))),
        ("a header that is none", get("Host: localhost\r\nwhat is this")),
        ("a length below zero", post("Content-Length: -1\r\n\r\n")),
        ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")),
        ("a chunk of no size", post("Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n")),
        ("a connection to elsewhere", b"CONNECT example.org:443 HTTP/1.1\r\n\r\n".to_vec()),
        ("no upgrade", get("Host: localhost")),
        ("an upgrade by POST", opening("GET", "POST")),
        ("an upgrade in HTTP/1.0", opening("HTTP/1.1", "HTTP/1.0")),
        ("an upgrade to something else", opening("websocket", "h2c")),
        ("an old version", opening("Version: 13", "Version: 8")),
        ("no key", opening("Sec-WebSocket-Key", "X-Key")),
        ("a short key", opening("AAAAAAAAAAAAAAAAAAAAAA==", "AAAA")),
        ("another path", opening("/ws/", "/wss/")),
        ("a path upwards", opening("/ws/", "/ws/../../etc/passwd")),
    ];
    let mut transcript = String::new();
    for (name, bytes) in cases {
        let answers = on_both(&campanile, &bytes, CUT.contains(&name)).await;
        transcript.push_str(&format!("{name}: {answers}\n"));
        witness.is_unharmed(&campanile).await;
    }
    expect![[r#"
        nothing: hung up
        empty lines: hung up
        half a head: hung up
        bytes: HTTP/1.1 400 Bad Request
        a TLS hello: HTTP/1.1 400 Bad Request
        HTTP/2: hung up
        HTTP/0.9: HTTP/1.1 400 Bad Request
        HTTP/9.9: HTTP/1.1 400 Bad Request
        a long target: HTTP/1.1 431 Request Header Fields Too Large
        many headers: HTTP/1.1 431 Request Header Fields Too Large
        a header that is none: HTTP/1.1 400 Bad Request
        a length below zero: HTTP/1.1 400 Bad Request
        two lengths: HTTP/1.1 400 Bad Request
        a chunk of no size: HTTP/1.1 404 Not Found | HTTP/1.1 400 Bad Request
        a connection to elsewhere: HTTP/1.1 404 Not Found
        no upgrade: HTTP/1.1 426 Upgrade Required | HTTP/1.1 404 Not Found
        an upgrade by POST: HTTP/1.1 405 Method Not Allowed | HTTP/1.1 404 Not Found
        an upgrade in HTTP/1.0: HTTP/1.0 400 Bad Request | HTTP/1.0 404 Not Found
        an upgrade to something else: HTTP/1.1 426 Upgrade Required | HTTP/1.1 404 Not Found
        an old version: HTTP/1.1 426 Upgrade Required | HTTP/1.1 404 Not Found
        no key: HTTP/1.1 400 Bad Request | HTTP/1.1 404 Not Found
        a short key: HTTP/1.1 400 Bad Request | HTTP/1.1 404 Not Found
        another path: HTTP/1.1 404 Not Found
        a path upwards: HTTP/1.1 404 Not Found
    "#]]
    .assert_eq(&transcript);
    let cut = post("Content-Length: 100\r\n\r\n{\"rooms\"");
    assert_eq!(answer(campanile.internal, &cut, true).await, "HTTP/1.1 400 Bad Request");
    comes_to(&campanile, "campanile_places_taken", 1).await;
}
