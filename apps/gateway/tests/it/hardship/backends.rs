//! A backend in trouble, as its clients notice.

use super::raw::{OPENING, Raw};
use super::{ROOMS, Witness, comes_to, metric};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use crate::support::client::{Client, Incoming};
use expect_test::expect;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a backend says to each request, and whether it then says nothing more, or `x` for ever.
#[derive(Clone)]
struct Behaviour {
    says: String,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    HangsUp,
    Waits,
    GoesOn,
}

/// A backend that does anything, a connection for each request.
struct Unruly {
    behaviour: Arc<Mutex<Behaviour>>,
    listening: JoinHandle<()>,
}

impl Unruly {
    async fn start(address: SocketAddr) -> Unruly {
        let listener = TcpListener::bind(address).await.expect("the address is this test's own");
        let behaviour = Arc::new(Mutex::new(answer("200 OK", "application/json", ROOMS)));
        let shared = Arc::clone(&behaviour);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let behaviour = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // That the gateway has had enough is what is tested.
                tokio::spawn(async move { behave(stream, behaviour).await.unwrap_or_default() });
            }
        });
        Unruly { behaviour, listening }
    }

    fn becomes(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }
}

impl Drop for Unruly {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn behave(mut stream: TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(behaviour.says.as_bytes()).await?;
    match behaviour.then {
        Then::HangsUp => Ok(()),
        // Until the gateway hangs up.
        Then::Waits => stream.read_to_end(&mut request).await.map(drop),
        Then::GoesOn => loop {
            stream.write_all(&[b'x'; 65_536]).await?;
        },
    }
}

fn says(says: impl Into<String>, then: Then) -> Behaviour {
    Behaviour { says: says.into(), then }
}

fn answer(status: &str, kind: &str, body: &str) -> Behaviour {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}");
    says(format!("{head}\r\nConnection: close\r\n\r\n{body}"), Then::HangsUp)
}

/// Returns what a client is told that connects now.
async fn told(campanile: &Campanile) -> String {
    let mut client = match Client::open(campanile.public, "/ws/", &[]).await {
        Ok(client) => client,
        Err(status) => return format!("{status}"),
    };
    let greeting = match client.next().await {
        Some(Incoming::Text(text)) if text.len() > 100 => format!("{} bytes", text.len()),
        Some(Incoming::Text(text)) => text,
        other => return format!("{other:?}"),
    };
    if greeting.contains("true") || greeting.ends_with("bytes") {
        return greeting;
    }
    match client.next().await {
        Some(Incoming::Closed(code)) => format!("{greeting} closed {code}"),
        other => format!("{greeting} {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_in_trouble_lets_nobody_in_and_harms_nobody_inside() {
    let own = own_address();
    let backend = Unruly::start(backend_address(own)).await;
    let campanile = Start::new(own).env("CAMPANILE_BACKEND_TIMEOUT_S", "3").ready().await;
    let mut witness = Witness::subscribe(&campanile).await;
    let json = "application/json";
    let list = |rooms: u32| {
        let rooms: Vec<String> = (0..rooms).map(|room| format!("{{\"room\":{room}}}")).collect();
        format!("{{\"allowed_rooms\":[{}]}}", rooms.join(","))
    };
    let endless = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":\"";
    let cases = [
        ("500", answer("500 Internal Server Error", "text/html", "<h1>Sorry</h1>")),
        ("HTML", answer("200 OK", "text/html", "<h1>Hello</h1>")),
        ("HTML that is called JSON", answer("200 OK", json, "<h1>Hello</h1>")),
        ("over a megabyte of rooms", answer("200 OK", json, &list(100_000))),
        ("more rooms than are read", answer("200 OK", json, &list(200_000))),
        ("hangs up", says("", Then::HangsUp)),
        ("hangs up within its answer", says("HTTP/1.1 200 OK\r\nContent-Le", Then::HangsUp)),
        ("hangs up within its body", says(format!("{endless}x"), Then::HangsUp)),
        ("no HTTP", says("220 mail.example ESMTP\r\n", Then::HangsUp)),
        ("an endless head", says("HTTP/1.1 200 OK\r\nX: ", Then::GoesOn)),
        ("an endless body", says(endless, Then::GoesOn)),
        ("silence", says("", Then::Waits)),
        ("silence within its body", says(endless, Then::Waits)),
        ("well again", answer("200 OK", json, ROOMS)),
    ];
    let mut transcript = String::new();
    for (name, behaviour) in cases {
        backend.becomes(behaviour);
        transcript.push_str(&format!("{name}: {}\n", told(&campanile).await));
        witness.is_unharmed(&campanile).await;
    }
    backend.becomes(says("", Then::HangsUp));
    drop(backend);
    transcript.push_str(&format!("down: {}\n", told(&campanile).await));
    for outcome in ["authorized", "refused", "unreadable", "unreachable", "timed_out", "too_long"] {
        let name = format!("campanile_bootstraps_total{{outcome=\"{outcome}\"}}");
        transcript.push_str(&format!("{outcome}: {}\n", metric(&campanile, &name).await));
    }
    expect![[r#"
        500: {"is_authorized": false} closed 1000
        HTML: {"is_authorized": false} closed 1000
        HTML that is called JSON: {"is_authorized": false} closed 1000
        over a megabyte of rooms: 1488933 bytes
        more rooms than are read: {"is_authorized": false} closed 1000
        hangs up: {"is_authorized": false} closed 1000
        hangs up within its answer: {"is_authorized": false} closed 1000
        hangs up within its body: {"is_authorized": false} closed 1000
        no HTTP: {"is_authorized": false} closed 1000
        an endless head: {"is_authorized": false} closed 1000
        an endless body: {"is_authorized": false} closed 1000
        silence: {"is_authorized": false} closed 1000
        silence within its body: {"is_authorized": false} closed 1000
        well again: {"is_authorized": true, "allowed_rooms": [{"room":"*"}]}
        down: {"is_authorized": false} closed 1000
        authorized: 3
        refused: 1
        unreadable: 3
        unreachable: 5
        timed_out: 2
        too_long: 2
    "#]]
    .assert_eq(&transcript);
    witness.is_unharmed(&campanile).await;
    comes_to(&campanile, "campanile_connections", 1).await;
    comes_to(&campanile, "campanile_bootstraps_in_flight", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_asked_for_because_descriptors_ran_out_is_told_to_try_again() {
    let own = own_address();
    let backend = Unruly::start(backend_address(own)).await;
    let campanile = Start::new(own).env("CAMPANILE_BACKEND_BOOTSTRAPS_MAX", "1").ready().await;
    let mut witness = Witness::subscribe(&campanile).await;
    backend.becomes(says("", Then::Waits));
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Raw::connect(campanile.public).await;
        client.send(OPENING.as_bytes()).await;
        clients.push(client);
    }
    comes_to(&campanile, "campanile_bootstraps_waiting", 1).await;
    let usual = campanile.descriptors_max(1);
    // One of them is asked for, and gives way to the other, for whom no descriptor is left.
    let [first, second] = &mut clients[..] else { unreachable!("there are two") };
    first.stream.shutdown().await.expect("it is connected");
    let (head, body) = second.answer().await.expect("it is answered");
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 2"), "{head}");
    assert_eq!(body, "no file is left to ask the backend by\n");
    campanile.descriptors_max(usual);
    backend.becomes(answer("200 OK", "application/json", ROOMS));
    let refused = r#"campanile_refusals_total{reason="descriptors"}"#;
    assert_eq!(metric(&campanile, refused).await, 1);
    witness.is_unharmed(&campanile).await;
}
