//! Whatever axum is served on: TLS, other streams, no server of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use axum::{Extension, Router};
use campanile_consumer::{Server, consumer};
use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::probe::{Journal, Probe};

fn router(server: Option<&Server>, journal: &Journal) -> Router {
    let router = Router::new().route("/", consumer::<Probe>()).layer(Extension(journal.clone()));
    match server {
        Some(server) => router.layer(server.extension()),
        None => router,
    }
}

/// Is let in, is answered a short and a long message, and leaves.
async fn visit(stream: impl AsyncRead + AsyncWrite + Unpin, journal: &Journal) {
    let (mut client, _) = client_async("ws://here/", stream).await.expect("it is let in");
    for text in ["hello".to_owned(), "x".repeat(500_000)] {
        client.send(Message::from(text.clone())).await.expect("it is there");
        let next = tokio::time::timeout(Duration::from_secs(60), client.next()).await;
        assert_eq!(next.expect("in time").expect("a message").expect("none"), Message::from(text));
    }
    client.close(None).await.expect("it closes");
    journal.wait_for("left 1005").await;
}

/// A listener that speaks TLS.
struct Tls(TcpListener, TlsAcceptor);

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, address) = self.0.accept().await.expect("a client");
        (self.1.accept(stream).await.expect("TLS"), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_session_goes_along() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([String::from("localhost")]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![cert.der().clone()], key).expect("a pair");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::builder().loops(1).start().expect("a loop");
    let journal = Journal::default();
    let router = router(Some(&server), &journal);
    let tls = Tls(listener, TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move { axum::serve(tls, router).await });

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    visit(stream.expect("TLS"), &journal).await;
    assert_eq!(server.statistics().bridged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_any_other_stream_are_copied() {
    let path = std::env::temp_dir().join(format!("campanile-consumer-{}.sock", std::process::id()));
    // Left over from a test that was killed, if it is there.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = Server::builder().loops(1).start().expect("a loop");
    let journal = Journal::default();
    let router = router(Some(&server), &journal);
    tokio::spawn(async move { axum::serve(listener, router).await });
    visit(UnixStream::connect(&path).await.expect("it listens"), &journal).await;
    assert_eq!(server.statistics().bridged, 1);
    std::fs::remove_file(&path).expect("it was there");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_on_the_router_there_is_one_of_the_process() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let journal = Journal::default();
    let router = router(None, &journal);
    tokio::spawn(async move { axum::serve(listener, router).await });
    visit(TcpStream::connect(address).await.expect("it listens"), &journal).await;
}
