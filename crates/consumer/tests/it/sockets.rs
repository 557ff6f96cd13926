//! Real sockets, and clients of another make.

use std::net::SocketAddr;
use std::time::Duration;

use axum::{Extension, Router};
use campanile_consumer::{Limits, Server, consumer};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::probe::{Event, Journal, Probe};

/// Probes behind `axum::serve`.
pub(crate) struct Listening {
    pub(crate) server: Server,
    pub(crate) journal: Journal,
    address: SocketAddr,
}

pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

impl Listening {
    pub(crate) async fn new() -> Listening {
        Listening::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Listening {
        let server = Server::builder().loops(2).limits(limits).start().expect("loops");
        Listening::of(server, |router| router.route("/", consumer::<Probe>())).await
    }

    /// Serves what `routes` adds.
    pub(crate) async fn of(server: Server, routes: impl FnOnce(Router) -> Router) -> Listening {
        let journal = Journal::default();
        let router =
            routes(Router::new()).layer(Extension(journal.clone())).layer(server.extension());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Listening { server, journal, address }
    }

    pub(crate) async fn connect(&self, target: &str) -> Client {
        self.try_to_connect(target).await.expect("it is let in")
    }

    async fn try_to_connect(&self, target: &str) -> Result<Client, Error> {
        let stream = TcpStream::connect(self.address).await.expect("it listens");
        let url = format!("ws://{}{target}", self.address);
        client_async(url, stream).await.map(|(client, _)| Client(client))
    }

    /// Nothing is left of anybody.
    pub(crate) async fn is_clean(&self) {
        crate::until("all consumers to leave", || self.server.statistics().consumers == 0).await;
        crate::until("all lanes to end", || self.server.statistics().lanes == 0).await;
        crate::until("all connections to end", || self.server.loop_statistics().connections == 0)
            .await;
        let left = self.server.layer().statistics();
        assert_eq!((left.channels, left.memberships), (0, 0), "channels and memberships are left");
        let statistics = self.server.statistics();
        assert_eq!(statistics.lane_members, 0);
        let loops = self.server.loop_statistics();
        assert_eq!((loops.subscriptions, loops.rooms, loops.frames_waiting), (0, 0, 0));
        assert_eq!(loops.adopted, loops.ended);
    }
}

impl Client {
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::from(text)).await.expect("it is there");
    }

    /// Resets the connection, as a process that is killed over unread bytes.
    fn reset(self) {
        let stream = self.0.into_inner();
        stream.set_zero_linger().expect("it is a TCP socket");
    }
}

pub(crate) fn text(text: &str) -> Message {
    Message::from(text)
}

pub(crate) async fn receive(client: &mut WebSocketStream<TcpStream>) -> Message {
    let next = tokio::time::timeout(Duration::from_secs(60), client.next()).await;
    next.expect("in time").expect("a message").expect("no error")
}

/// Returns the code that a client is closed with, whatever comes before.
async fn closed(client: &mut Client) -> u16 {
    loop {
        if let Message::Close(close) = receive(&mut client.0).await {
            return close.expect("a code").code.into();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_speak_to_their_consumers_and_hear_their_groups() {
    let listening = Listening::new().await;
    let mut ada = listening.connect("/?join=chat").await;
    let mut bob = listening.connect("/?join=chat").await;
    ada.send_text("tell chat hello").await;
    let hello = text(r#"{"type":"chat.message","text":"hello"}"#);
    assert_eq!(receive(&mut ada.0).await, hello);
    assert_eq!(receive(&mut bob.0).await, hello);
    bob.0.close(None).await.expect("it closes");
    drop(bob);
    listening.journal.wait_for("left 1005").await;
    ada.send_text("close").await;
    assert_eq!(closed(&mut ada).await, 1008);
    drop(ada);
    listening.journal.wait_for("left 1008").await;
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_consumer_sends_first_waits_for_the_client_and_events_come_after_it() {
    let listening = Listening::new().await;
    let mut client = listening.connect("/?join=chat&open_bytes=8000000").await;
    let event = Event::ChatMessage { text: "new".to_owned() };
    listening.server.group_send("chat", &event).await.expect("the layer is there");
    for _ in 0..8_000 {
        assert_eq!(receive(&mut client.0).await.len(), 1_000);
    }
    assert_eq!(receive(&mut client.0).await, text(r#"{"type":"chat.message","text":"new"}"#));
    drop(client);
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_clients_hear_1001_and_consumers_take_leave() {
    let listening = Listening::new().await;
    let mut client = listening.connect("/?join=chat").await;
    let server = listening.server.clone();
    let ending = tokio::spawn(async move { server.shutdown(Duration::from_secs(60)).await });
    assert_eq!(closed(&mut client).await, 1001);
    drop(client);
    assert_eq!(ending.await.expect("it ends"), 0);
    assert_eq!(listening.journal.entries().last().expect("entries"), "left 1001");
}

/// The end may find a client in each state that there is between its request and its consumer.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_while_the_server_stops_hears_1001_and_nobody_is_cut_off() {
    for round in 0..200 {
        let listening = Listening::new().await;
        let is_let_in = Notify::new();
        let stopping = async {
            if round % 2 == 0 {
                is_let_in.notified().await;
            } else {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
            }
            listening.server.shutdown(Duration::from_secs(60)).await
        };
        let connecting = async {
            let mut client = listening.try_to_connect("/?join=chat").await?;
            is_let_in.notify_one();
            Ok(closed(&mut client).await)
        };
        let (left, heard) = tokio::join!(stopping, connecting);
        assert_eq!(left, 0);
        match heard {
            Ok(code) => assert_eq!(code, 1001),
            Err(Error::Http(response)) => assert_eq!(response.status(), 503),
            Err(error) => panic!("it was cut off: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_still_asked_for_when_the_server_stops_is_not_let_in_and_taken_leave_of() {
    let listening = Listening::new().await;
    let connecting = listening.try_to_connect("/?sleep_ms=1000&join=chat");
    let shutdown = async {
        listening.journal.wait_for("connects").await;
        listening.server.shutdown(Duration::from_secs(60)).await
    };
    let (opened, left) = tokio::join!(connecting, shutdown);
    assert!(matches!(opened, Err(Error::Http(response)) if response.status() == 503));
    assert_eq!(left, 0);
    assert_eq!(listening.journal.entries(), ["connects", "connected", "left 1001"]);
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_faster_than_its_consumer_waits_and_loses_nothing() {
    let limits = Limits { waiting_messages_max: 4, ..Limits::default() };
    let listening = Listening::with(limits).await;
    let mut client = listening.connect("/").await;
    client.send_text("wait 200").await;
    for number in 0..1_000 {
        client.send_text(&number.to_string()).await;
    }
    assert_eq!(receive(&mut client.0).await, text("wait 200"));
    for number in 0..1_000 {
        assert_eq!(receive(&mut client.0).await, text(&number.to_string()));
    }
    assert!(listening.server.statistics().pauses > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_waits_for_a_client_that_reads_slowly() {
    let limits =
        Limits { outbox_bytes_max: 100_000, sending_bytes_max: 50_000, ..Limits::default() };
    let listening = Listening::with(limits).await;
    let mut client = listening.connect("/").await;
    // Far more than all buffers hold, in messages of all sizes.
    for (count, bytes) in [(2_000, 10_000), (20, 1_000_000), (10_000, 1)] {
        client.send_text(&format!("burst {count} {bytes}")).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..count {
            assert_eq!(receive(&mut client.0).await.len(), bytes);
        }
        receive(&mut client.0).await;
    }
    assert_eq!(listening.server.statistics().slow_closed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_at_all_is_closed() {
    let limits = Limits { send_within: Duration::from_millis(100), ..Limits::default() };
    let listening = Listening::with(limits).await;
    let mut client = listening.connect("/").await;
    client.send_text("burst 100000 10000").await;
    listening.journal.wait_for("left 1013").await;
    drop(client);
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_waits_for_a_client_hears_at_once_that_it_is_gone() {
    let listening = Listening::new().await;
    let mut client = listening.connect("/").await;
    client.send_text("burst 100000 10000").await;
    receive(&mut client.0).await;
    // Longer than it takes to fill all buffers, or not: both are right.
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.reset();
    listening.journal.wait_for("left 1006").await;
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_server_can_send_to_a_group() {
    let listening = Listening::new().await;
    let mut client = listening.connect("/?join=chat").await;
    let event = Event::ChatMessage { text: "from elsewhere".to_owned() };
    listening.server.group_send("chat", &event).await.expect("there is room");
    let heard = text(r#"{"type":"chat.message","text":"from elsewhere"}"#);
    assert_eq!(receive(&mut client.0).await, heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_reset_while_it_is_let_in_is_taken_leave_of() {
    let listening = Listening::new().await;
    let stream = TcpStream::connect(listening.address).await.expect("it listens");
    let request = "GET /?sleep_ms=300&join=chat HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.try_write(request.as_bytes()).expect("it takes a request");
    listening.journal.wait_for("connects").await;
    stream.set_zero_linger().expect("it is a TCP socket");
    drop(stream);
    listening.journal.wait_for("left 1006").await;
    assert_eq!(listening.journal.entries(), ["connects", "connected", "left 1006"]);
    listening.is_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_clients_that_came_and_went_nothing_is_left() {
    let listening = Listening::new().await;
    for wave in 0..50 {
        let mut clients = Vec::new();
        for number in 0..200 {
            let target = match number % 4 {
                0 => "/?join=chat",
                1 => "/?fast=chat",
                2 => "/?join=chat&fast=news",
                _ => "/",
            };
            clients.push(listening.connect(target).await);
        }
        for (number, mut client) in clients.into_iter().enumerate() {
            match (wave + number) % 5 {
                0 => client.0.close(None).await.expect("it closes"),
                1 => client.reset(),
                2 => client.send_text("tell chat hello").await,
                3 => client.send_text("panic").await,
                _ => {}
            }
        }
    }
    crate::until("all to have left", || listening.server.statistics().disconnected == 10_000).await;
    listening.is_clean().await;
    let entries = listening.journal.entries();
    let left = entries.iter().filter(|entry| entry.starts_with("left")).count();
    assert_eq!(left, 10_000, "each consumer takes leave once");
}
