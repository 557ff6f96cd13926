//! Behind proxies: where a client is, for the limits and the backend.

use crate::support::backend::Backend;
use crate::support::campanile::{Campanile, Start};
use crate::support::client::Client;
use crate::support::http;
use crate::support::tls::Certificate;
use crate::support::together::{self, is_greeted, open};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROOMS: &str = r#"{"allowed_rooms": []}"#;

async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Backend) {
    together::start(ROOMS, prepare).await
}

/// Connects as a proxy that first says where its client is.
async fn through(campanile: &Campanile, header: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(campanile.public).await.expect("it listens");
    stream.write_all(header).await.expect("it is open");
    stream
}

/// Returns the X-Real-IP of the next bootstrap.
async fn real_ip(backend: &Backend) -> Option<String> {
    let seen = backend.take_seen(1).await;
    seen[0].header("x-real-ip").map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backend_gets_the_address_that_was_sent_unless_there_is_a_list_of_proxies() {
    let (campanile, backend) = start(|start| start).await;
    open(&campanile, &[("X-Real-IP", "as sent")]).await.expect("there is a place");
    assert_eq!(real_ip(&backend).await.as_deref(), Some("as sent"));

    let untrusted = |start: Start| start.env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "192.0.2.0/24");
    let (campanile, backend) = start(untrusted).await;
    open(&campanile, &[("X-Real-IP", "198.51.100.1")]).await.expect("there is a place");
    // The operating system connects to an address of 127.0.0.0/8 from that address, or 127.0.0.1.
    let own = real_ip(&backend).await.expect("it is set by us");
    assert!(own.starts_with("127."), "{own}");

    let trusted = |start: Start| {
        start
            .env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")
            .env("CAMPANILE_PUBLIC_ADDRESS_HEADER", "x-forwarded-for")
    };
    let (campanile, backend) = start(trusted).await;
    let chain = ("X-Forwarded-For", "6.6.6.6, 198.51.100.1, 10.1.2.3");
    open(&campanile, &[chain, ("X-Real-IP", "6.6.6.6")]).await.expect("there is a place");
    assert_eq!(real_ip(&backend).await.as_deref(), Some("198.51.100.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_connections_count_for_their_clients() {
    let (campanile, _backend) = start(|start| {
        start
            .env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("CAMPANILE_LIMITS_CONNECTIONS_PER_ADDRESS_MAX", "2")
    })
    .await;
    let from = |client: &'static str| [("X-Real-IP", client)];
    let mut clients = Vec::new();
    for address in ["198.51.100.1", "198.51.100.1", "198.51.100.2", "2001:db8::1"] {
        let mut client = open(&campanile, &from(address)).await.expect("there is a place");
        is_greeted(&mut client).await;
        clients.push(client);
    }
    assert_eq!(open(&campanile, &from("198.51.100.1")).await.err(), Some(503));
    assert!(clients[0].close().await);
    let mut attempts = 0;
    while let Err(status) = open(&campanile, &from("198.51.100.1")).await {
        assert!(status == 503 && attempts < 1000, "the place is not given back");
        attempts += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_protocol_says_where_a_client_is_in_both_versions() {
    let (campanile, backend) = start(|start| {
        start
            .env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("CAMPANILE_PUBLIC_PROXY_PROTOCOL", "true")
            .env("CAMPANILE_LIMITS_CONNECTIONS_PER_ADDRESS_MAX", "2")
            .env("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "4")
    })
    .await;
    let line = b"PROXY TCP4 198.51.100.1 127.0.0.1 4711 80\r\n";
    let mut binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    binary.extend([198, 51, 100, 1, 127, 0, 0, 1, 0, 1, 0, 2]);
    let mut clients = Vec::new();
    for header in [&line[..], &binary] {
        let stream = through(&campanile, header).await;
        let mut client = Client::open_on(stream, "/ws/", &[]).await.expect("there is a place");
        assert_eq!(real_ip(&backend).await.as_deref(), Some("198.51.100.1"));
        is_greeted(&mut client).await;
        clients.push(client);
    }
    // A third of that address is hung up on, a health check of the proxy itself is answered.
    let mut third = through(&campanile, line).await;
    assert_eq!(third.read(&mut [0; 100]).await.unwrap_or(0), 0);
    let local = through(&campanile, b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0").await;
    let answer = http::request_on(local, "GET /livez", &[], b"").await;
    assert_eq!(answer.expect("it is answered").status, 200);
    // Without a header, or with half of one, there is nothing to hear.
    let none = http::get(campanile.public, "/livez").await;
    assert!(none.is_err(), "{none:?}");
    let mut slow = through(&campanile, &binary[..20]).await;
    assert_eq!(slow.read(&mut [0; 100]).await.unwrap_or(0), 0);
    let page = http::get(campanile.internal, "/metrics").await.expect("metrics are served").body;
    for reason in ["connections_per_address_max", "proxy_header", "slow"] {
        let line = format!("campanile_refusals_total{{reason=\"{reason}\"}} 1\n");
        assert!(page.contains(&line), "{line} is not in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_line_that_is_cut_or_too_long_is_hung_up_on() {
    let (campanile, _backend) = start(|start| {
        start
            .env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("CAMPANILE_PUBLIC_PROXY_PROTOCOL", "true")
    })
    .await;
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(107));
    for line in ["PROXY TCP4 198.51.100.1 127.0.0.1 4711 8", "PROXY TCP4 198.51.100.1\r\n", &long] {
        let mut stream = through(&campanile, line.as_bytes()).await;
        let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
        stream.shutdown().await.expect("it is open");
        let mut answer = Vec::new();
        // Closed, or reset over what was not read.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"", "{line}");
    }
    let page = http::get(campanile.internal, "/metrics").await.expect("metrics are served").body;
    assert!(page.contains("campanile_refusals_total{reason=\"proxy_header\"} 3\n"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_a_proxy_comes_before_tls() {
    let certificate = Certificate::new();
    let (campanile, backend) = start(|start| {
        start
            .env("CAMPANILE_PUBLIC_TRUSTED_PROXIES", "127.0.0.0/8")
            .env("CAMPANILE_PUBLIC_PROXY_PROTOCOL", "true")
            .env("CAMPANILE_PUBLIC_CERTIFICATE", &certificate.certificate())
            .env("CAMPANILE_PUBLIC_PRIVATE_KEY", &certificate.key())
    })
    .await;
    let line = b"PROXY TCP6 2001:db8::9 ::1 4711 443\r\n";
    let stream = certificate.handshake(through(&campanile, line).await).await;
    let stream = stream.expect("it shows its certificate");
    let mut client = Client::open_on(stream, "/ws/", &[]).await.expect("there is a place");
    assert_eq!(real_ip(&backend).await.as_deref(), Some("2001:db8::9"));
    is_greeted(&mut client).await;
}
