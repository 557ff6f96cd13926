//! The program itself: its settings, TLS, metrics and signals.

use super::support::{Server, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scram-translator"));
    command.env_clear().env("TRANSLATOR_BACKEND", "memory").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn terminate(child: &Child) {
    let id = child.id().unwrap().try_into().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
}

#[tokio::test]
async fn over_tls_it_shows_its_token_serves_metrics_and_says_goodbye_at_sigterm() {
    let (server, certificate) = Server::start_with_tls().await;
    let file =
        std::env::temp_dir().join(format!("campanile-translator-{}.pem", std::process::id()));
    std::fs::write(&file, certificate).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = program()
        .env("SCRAM_EVENTS_URL", server.url())
        .env("SCRAM_TRANSLATOR_TOKEN", "s3cret")
        .env("SSL_CERT_FILE", &file)
        .env("TRANSLATOR_METRICS_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOG_LEVEL", "DEBUG")
        .spawn()
        .unwrap();
    let mut peer = server.accept_v2().await;
    assert_eq!(peer.headers["authorization"], "Token s3cret");
    peer.hear().await;
    peer.add(json!({"route": "192.0.2.4"})).await;
    peer.send_text("this is not json").await;
    until("the route is announced", async || peer.is_blocked("192.0.2.4").await.then_some(()))
        .await;
    let page = metrics(port).await;
    for line in [
        "scram_translator_server_up 1",
        "scram_translator_backend_up 1",
        "scram_translator_routes_wanted 1",
        "scram_translator_routes_own{family=\"ipv4\"} 1",
        "scram_translator_messages_refused_total{reason=\"not_an_object\"} 1",
        "# TYPE scram_translator_checks_total counter",
    ] {
        assert!(page.contains(&format!("{line}\n")), "{line} is not in {page}");
    }
    terminate(&child);
    assert_eq!(peer.hear_close().await, 1001);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stderr).contains("s3cret"));
    let _ = std::fs::remove_file(file);
}

#[tokio::test]
async fn a_server_with_a_certificate_that_nobody_vouches_for_is_shown_no_token() {
    let (server, _) = Server::start_with_tls().await;
    let child = program()
        .env("SCRAM_EVENTS_URL", server.url())
        .env("SCRAM_TRANSLATOR_TOKEN", "s3cret")
        .spawn()
        .unwrap();
    assert!(server.is_hung_up_on().await, "the handshake of TLS fails");
    terminate(&child);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("the server cannot be reached"), "{log}");
}

#[tokio::test]
async fn a_wrong_setting_ends_it_with_a_sentence() {
    let output = program().env("GOBGP_PORT", "seventeen").output().await.unwrap();
    assert!(!output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "scram-translator: The environment's GOBGP_PORT is \"seventeen\", which cannot be used. It is: a \
         port, 1 to 65535. Set it to such a value, or unset it for the default.\n"
    );
}

async fn metrics(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}
