//! The demo's backend: what an application answers, at its least.

use crate::answer::{Answer, json, text};
use http::{Method, Request, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;

/// Everybody may enter the lobby, and every other room.
const BOOTSTRAP: &str = r#"{"allowed_rooms": [{"room": "lobby"}, {"room": "*"}]}"#;

/// Starts it on a free port of loopback, within this process's runtime, and returns where it is.
///
/// # Errors
///
/// If there is no such port.
pub(super) async fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener));
    Ok(address)
}

async fn serve(listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request)) });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the demo's backend lost a connection");
            }
        });
    }
}

fn answer<B>(request: &Request<B>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/api/bootstrap/") => json(StatusCode::OK, BOOTSTRAP),
        _ => text(StatusCode::NOT_FOUND, "the demo's backend knows no such page\n"),
    }
}
