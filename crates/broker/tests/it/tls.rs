//! Every broker under TLS, with an authority that only the settings name.

use crate::contract;
use crate::node::{settings, why_not};
use campanile_broker::testing::Server;
use campanile_broker::{Settings, StreamSettings};

#[tokio::test]
async fn redis_under_tls_keeps_its_promise() {
    let Some(server) = Server::redis_with_tls() else { return };
    check(&server, |_| {}).await;
    check(&server, |settings| settings.streams = Some(StreamSettings { entries_max: 100_000 }))
        .await;
}

#[tokio::test]
async fn nats_under_tls_keeps_its_promise() {
    let Some(server) = Server::nats_with_tls() else { return };
    check(&server, |settings| settings.message_bytes_max = 1_000_000).await;
}

#[tokio::test]
async fn rabbitmq_under_tls_keeps_its_promise() {
    let Some(server) = Server::rabbit_with_tls() else { return };
    check(&server, |_| {}).await;
}

/// Holds a broker to its promise, and to its certificate.
async fn check(server: &Server, tune: fn(&mut Settings)) {
    let ca_file = server.ca_file().expect("it speaks TLS");
    contract::check(&server.url(), |settings| {
        tune(settings);
        settings.ca_file = Some(ca_file.to_owned());
    })
    .await;
    // Nobody on this machine trusts the authority of a test.
    let why = why_not(settings(server.url(), "unknown", tune)).await;
    assert!(why.contains("name the authority that has in [broker] ca_file"), "{why}");
    let elsewhere = server.url().to_string().replace("127.0.0.1", "localhost");
    let elsewhere = elsewhere.replace("***@", "").parse().expect("a URL");
    let why = why_not(settings(elsewhere, "elsewhere", |settings| {
        tune(settings);
        settings.ca_file = Some(ca_file.to_owned());
    }));
    let why = why.await;
    assert!(why.contains("is for another name"), "{why}");
    let why = why_not(settings(server.url(), "missing", |settings| {
        tune(settings);
        settings.ca_file = Some("/nowhere/ca.pem".into());
    }));
    let why = why.await;
    assert!(why.contains("[broker] ca_file: /nowhere/ca.pem: No such file"), "{why}");
}
