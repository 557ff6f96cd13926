//! TLS on both listeners, with clients of another implementation.

use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use crate::support::http;
use crate::support::tls::Certificate;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROOMS: &str = r#"{"allowed_rooms": [{"room": "*"}]}"#;
const SUBSCRIBE: &str = r#"{"type":"subscribe","room":{"room":"lobby"},"requestId":1}"#;

async fn start(prepare: impl FnOnce(Start) -> Start) -> (Campanile, Certificate, Backend) {
    let own = own_address();
    let backend = Backend::start(backend_address(own), |_| Answer::json(200, ROOMS)).await;
    let certificate = Certificate::new();
    let start = Start::new(own)
        .env("CAMPANILE_PUBLIC_CERTIFICATE", &certificate.certificate())
        .env("CAMPANILE_PUBLIC_PRIVATE_KEY", &certificate.key());
    (prepare(start).ready().await, certificate, backend)
}

/// Opens a WebSocket under TLS, reads the greeting, and subscribes.
async fn subscribe(campanile: &Campanile, certificate: &Certificate) -> Client {
    let stream = certificate.connect(campanile.public).await.expect("it shows its certificate");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut client = Client::open_on(stream, "/ws/", &[]).await.expect("there is a place");
    let greeting = client.next().await;
    assert!(matches!(greeting, Some(Incoming::Text(text)) if text.contains("true")));
    client.send(SUBSCRIBE).await;
    assert_eq!(client.next().await, Some(Incoming::Text(r#"{"code": "success"}"#.to_owned())));
    client
}

async fn trigger(campanile: &Campanile, data: &str) {
    let body = format!(r#"{{"rooms":[{{"room":"lobby"}}],"data":{data}}}"#);
    let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
    assert_eq!(answer.expect("triggers are answered").status, 200);
}

async fn hears(client: &mut Client, data: &str) {
    let delivery = format!(r#"{{"type":"publish","data":{data},"requestId":1}}"#);
    assert!(client.next().await == Some(Incoming::Text(delivery)), "another delivery came");
}

/// Waits until the log says so.
async fn logged(campanile: &Campanile, text: &str) {
    for _ in 0..3000 {
        if campanile.log().contains(text) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{text:?} is not in the log:\n{}", campanile.log());
}

async fn metric(campanile: &Campanile, name: &str) -> String {
    let page = http::get(campanile.internal, "/metrics").await.expect("metrics are served").body;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_under_tls_hear_every_publication_and_long_messages_pass_both_ways() {
    let (campanile, certificate, _backend) = start(|start| start).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(subscribe(&campanile, &certificate).await);
    }
    let long = format!("\"{}\"", "l".repeat(500_000));
    for data in ["1", &long, "2"] {
        trigger(&campanile, data).await;
        for client in &mut clients {
            hears(client, data).await;
        }
    }
    // A request of ours that is long, and is answered: its id comes back.
    let client = &mut clients[0];
    let padding = "p".repeat(2_000_000);
    client.send(&format!(r#"{{"type":"unsubscribe","requestId":1,"padding":"{padding}"}}"#)).await;
    assert_eq!(client.next().await, Some(Incoming::Text(r#"{"code": "success"}"#.to_owned())));
    assert!(client.close().await, "the closing handshake is done");
    assert_eq!(metric(&campanile, "campanile_refusals_total{reason=\"tls\"}").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_right_behind_the_opening_is_answered_under_tls() {
    let (campanile, certificate, _backend) = start(|start| start).await;
    let mut stream = certificate.connect(campanile.public).await.expect("it listens");
    let mut bytes =
        b"GET /ws/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_vec();
    // In one record with the request, in another that comes with it, and later.
    let ping = [0x81, 0x84, 0, 0, 0, 0, b'p', b'i', b'n', b'g'];
    bytes.extend(ping);
    stream.write_all(&bytes).await.expect("it is open");
    stream.write_all(&ping).await.expect("it is open");
    stream.flush().await.expect("it is open");
    tokio::time::sleep(Duration::from_millis(200)).await;
    stream.write_all(&ping).await.expect("it is open");
    let mut came = Vec::new();
    let pongs = |came: &[u8]| came.windows(6).filter(|part| *part == b"\x81\x04pong").count();
    while pongs(&came) < 3 {
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_buf(&mut came)).await;
        assert!(read.expect("all pings are answered").expect("it is open") > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_to_new_clients_and_harms_no_old_one() {
    let (campanile, mut certificate, _backend) = start(|start| start).await;
    let mut old = subscribe(&campanile, &certificate).await;
    let name = "campanile_certificate_expires_timestamp_seconds{listener=\"public\"}";
    assert_eq!(metric(&campanile, name).await, "64060588800");
    certificate.renew(4001);
    logged(&campanile, "certificate.pem was read").await;
    let mut new = subscribe(&campanile, &certificate).await;
    assert_eq!(metric(&campanile, name).await, "64092211200");
    std::fs::write(certificate.key(), "no key at all").expect("it can be written");
    let failures = "campanile_certificate_failures_total{listener=\"public\"}";
    assert_eq!(metric(&campanile, failures).await, "0");
    logged(&campanile, "key.pem is no private key in PEM").await;
    logged(&campanile, "Mend the file: it is read again when it changes").await;
    assert_eq!(metric(&campanile, failures).await, "1");
    let mut newest = subscribe(&campanile, &certificate).await;
    trigger(&campanile, "\"all three\"").await;
    for client in [&mut old, &mut new, &mut newest] {
        hears(client, "\"all three\"").await;
    }
    certificate.renew(2020);
    logged(&campanile, "it has expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_plain_http_to_the_tls_port_is_told_so_and_who_is_slow_is_counted() {
    let (campanile, certificate, _backend) =
        start(|start| start.env("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "4")).await;
    let answer = http::get(campanile.public, "/livez").await.expect("it is answered");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, "this port speaks TLS: use https:// or wss://\n");
    let mut garbage = TcpStream::connect(campanile.public).await.expect("it listens");
    garbage.write_all(b"\x16\x03\x01\x00\x05hello, hello").await.expect("it is open");
    let mut slow = TcpStream::connect(campanile.public).await.expect("it listens");
    slow.write_all(b"\x16\x03\x01").await.expect("it is open");
    for stream in [&mut garbage, &mut slow] {
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer);
        let end = tokio::time::timeout(Duration::from_secs(60), end).await;
        assert!(end.is_ok(), "it is still connected");
    }
    // They are counted when they are closed, on a thread of their own.
    for (reason, count) in [("tls", "2"), ("slow", "1")] {
        let name = format!("campanile_refusals_total{{reason=\"{reason}\"}}");
        while metric(&campanile, &name).await != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let mut client = subscribe(&campanile, &certificate).await;
    assert!(client.close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_over_the_limit_is_closed_and_triggers_go_on_meanwhile() {
    let (campanile, certificate, _backend) = start(|start| {
        start
            .env("CAMPANILE_LIMITS_TLS_HANDSHAKES_MAX", "50")
            .env("CAMPANILE_LIMITS_HANDSHAKE_TIMEOUT_S", "600")
    })
    .await;
    let mut client = subscribe(&campanile, &certificate).await;
    let mut unfinished = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(campanile.public).await.expect("it listens");
        stream.write_all(b"\x16\x03\x01").await.expect("it is open");
        unfinished.push(stream);
    }
    while metric(&campanile, "campanile_tls_handshakes").await != "50" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(certificate.connect(campanile.public).await.is_err(), "there is one too many");
    let refused = "campanile_refusals_total{reason=\"tls_handshakes_max\"}";
    assert_eq!(metric(&campanile, refused).await, "1");
    trigger(&campanile, "1").await;
    hears(&mut client, "1").await;
    drop(unfinished);
    while metric(&campanile, "campanile_tls_handshakes").await != "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    subscribe(&campanile, &certificate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_internal_listener_speaks_tls_too() {
    let internal = Certificate::new();
    let (campanile, public, _backend) = start(|start| {
        start
            .env("CAMPANILE_INTERNAL_CERTIFICATE", &internal.certificate())
            .env("CAMPANILE_INTERNAL_PRIVATE_KEY", &internal.key())
    })
    .await;
    let mut client = subscribe(&campanile, &public).await;
    let stream = internal.connect(campanile.internal).await.expect("it shows its certificate");
    let body = br#"{"rooms":[{"room":"lobby"}],"data":7}"#;
    let answer = http::request_on(stream, "POST /trigger/", &[], body).await;
    assert_eq!(answer.expect("triggers are answered").status, 200);
    hears(&mut client, "7").await;
    assert!(public.connect(campanile.internal).await.is_err(), "that is the other's certificate");
    // Our own command reads the scheme from the configuration, and trusts what it is told to trust.
    let command = Command::new(env!("CARGO_BIN_EXE_campanile"))
        .args(["trigger", "room=lobby", "8"])
        .env_clear()
        .env("SSL_CERT_FILE", internal.certificate())
        .env("CAMPANILE_INTERNAL_LISTEN", campanile.internal.to_string())
        .env("CAMPANILE_INTERNAL_CERTIFICATE", internal.certificate())
        .env("CAMPANILE_INTERNAL_PRIVATE_KEY", internal.key())
        .output()
        .expect("the binary is there");
    let said = String::from_utf8_lossy(&command.stderr).into_owned();
    assert!(said.contains("certificate") && !said.contains("http://"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_fetches_over_tls() {
    let (campanile, certificate, _backend) = start(|start| start).await;
    let port = campanile.public.port();
    let curl = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert", &certificate.certificate()])
        .arg("--resolve")
        .arg(format!("campanile.test:{port}:{}", campanile.public.ip()))
        .args(["--write-out", "%{http_version}", &format!("https://campanile.test:{port}/livez")])
        .output();
    let Ok(curl) = curl else {
        eprintln!("not run, because there is no curl");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&curl.stderr), "");
    assert_eq!(String::from_utf8_lossy(&curl.stdout), "alive\n1.1");
}

#[test]
fn a_gateway_with_a_bad_certificate_does_not_start_and_says_why() {
    let certificate = Certificate::new();
    std::fs::write(certificate.certificate(), "hello").expect("it can be written");
    let file = certificate.certificate();
    let why = format!("[public] certificate: {file} is no certificate in PEM: it has no BEGIN");
    for (arguments, status) in
        [(&["serve", "--backend", "http://127.0.0.1:1/"][..], 1), (&["check-config"], 2)]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_campanile"))
            .args(arguments)
            .env_clear()
            .env("CAMPANILE_PUBLIC_CERTIFICATE", &file)
            .env("CAMPANILE_PUBLIC_PRIVATE_KEY", certificate.key())
            .output()
            .expect("the binary is there");
        assert_eq!(output.status.code(), Some(status));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&why), "{said}");
    }
}
