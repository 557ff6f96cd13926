//! Against a stub of GoBGP 4: Debian 12 has none. It answers as its interface says, and keeps the bytes.

use super::support::{Server, Translator, settings, until};
use campanile_scram::translator::backend::Gobgp;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What was called with which message, in hexadecimal digits.
type Calls = Arc<Mutex<Vec<(String, String)>>>;

const ADD: &str = "08011a460a0f0a0d082012093139322e302e322e34120412020802120f220d0a0b3139322e302e322e313939120b\
                   1a090a0708021203f8fe0312094a070a059a85e0fb0f4a0408011001";

/// A destination 192.0.2.4/32 with one path, told by this interface: its fields 1, 2 and 15.
const LISTED: &[u8] = b"\x0a\x17\x0a\x0c192.0.2.4/32\x12\x07\x7a\x05<nil>";

#[tokio::test]
async fn version_4_is_recognised_and_spoken_to_as_scram_s_own_translator_speaks_to_it() {
    let calls = Calls::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, Arc::clone(&calls)));
    let server = Server::start().await;
    let backend = Arc::new(Gobgp::new("127.0.0.1", port));
    let translator = Translator::start(settings(&server, &[]), backend);
    let mut peer = server.accept().await;
    peer.add(json!({"route": "192.0.2.4/32"})).await;
    called(&calls, "AddPath", ADD).await;
    assert!(peer.is_blocked("192.0.2.4").await);
    // The global table is 1, and a lookup of what covers a network 3.
    called(&calls, "ListPath", "08011a040801100122100a0c3139322e302e322e342f33321003").await;
    assert!(!peer.is_blocked("2001:db8::").await);
    peer.remove("192.0.2.4/32").await;
    let path = ADD.strip_prefix("08011a").unwrap();
    called(&calls, "DeletePath", &format!("08011a040801100122{path}")).await;
    peer.send(json!({"type": "translator_remove_all", "message": {}})).await;
    called(&calls, "DeletePath", "08011a0408011001").await;
    called(&calls, "DeletePath", "08011a0408021001").await;
    called(&calls, "GetTable", "0801120408021001").await;
    tokio::join!(translator.end(), peer.hear_close());
    let first = calls.lock().unwrap()[0].clone();
    assert_eq!(first, ("GetBgp".to_owned(), String::new()));
}

/// Waits until a method was called with these bytes.
async fn called(calls: &Calls, method: &str, expected: &str) {
    let is_expected = |call: &(String, String)| call.0 == method && call.1 == expected;
    until(&format!("{method} {expected}, among {calls:?}"), async || {
        calls.lock().unwrap().iter().any(is_expected).then_some(())
    })
    .await;
}

async fn serve(listener: TcpListener, calls: Calls) {
    while let Ok((stream, _)) = listener.accept().await {
        let calls = Arc::clone(&calls);
        let answer = service_fn(move |request| answer(request, Arc::clone(&calls)));
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        tokio::spawn(connection.serve_connection(TokioIo::new(stream), answer));
    }
}

async fn answer(
    request: Request<Incoming>,
    calls: Calls,
) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    let response = Response::builder().header("content-type", "application/grpc");
    let Some(method) = path.strip_prefix("/api.GoBgpService/") else {
        // Unimplemented: the other generation.
        let response = response.header("grpc-status", "12").body(Full::default().boxed());
        return Ok(response.unwrap());
    };
    let message = &body[5..];
    let digits: Vec<String> = message.iter().map(|byte| format!("{byte:02x}")).collect();
    calls.lock().unwrap().push((method.to_owned(), digits.concat()));
    let is_asked_for = message.windows(12).any(|part| part == b"192.0.2.4/32");
    let messages: Vec<&[u8]> = match method {
        "ListPath" if is_asked_for => vec![LISTED],
        "ListPath" => Vec::new(),
        _ => vec![b""],
    };
    let mut bytes = Vec::new();
    for message in messages {
        bytes.push(0);
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
    }
    let trailers = [("grpc-status".parse().unwrap(), "0".parse().unwrap())];
    let frames = [Frame::data(Bytes::from(bytes)), Frame::trailers(trailers.into_iter().collect())];
    let frames = futures_util::stream::iter(frames.map(Ok));
    Ok(response.body(BodyExt::boxed(StreamBody::new(frames))).unwrap())
}
