//! The loops on the operating system's sockets, plain and under TLS.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campanile_manager::hub::{Match, Room};
use campanile_manager::testing::Heard;
use campanile_manager::wire::{self, CloseCode, Event, Kind, Role, Scratch, WebSocket};
use campanile_manager::{
    Adoption, Config, Envelope, Handle, Loops, Publication, Socket, Statistics, start,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use crate::service::{Journal, Rooms, Session};

#[test]
fn what_came_early_is_answered_before_what_comes() {
    let server = Server::start(Config::default());
    let mut client = server.connect_with(|client| {
        client.send("echo early");
        client.take_output()
    });
    client.say("echo late");
    assert_eq!(client.hear(2), [text("echo early"), text("echo late")]);
}

#[test]
fn a_hundred_sockets_on_two_loops_hear_a_publication() {
    let server = Server::start(Config { loops: 2, ..Config::default() });
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for (id, client) in clients.iter_mut().enumerate() {
        client.say(&format!(r#"sub {{"r":1}} {id}"#));
        assert_eq!(client.hear(1), [text(&format!("ok {id}"))]);
    }
    let receipt = server.handle.publish_counted(publication("hello ")).unwrap();
    assert_eq!(receipt.wait(Duration::from_secs(60)), Some(100));
    for (id, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.hear(1), [text(&format!("hello {id}"))]);
    }
}

#[test]
fn a_reader_that_stops_and_goes_on_hears_everything_in_order() {
    let server = Server::start(Config { outbox_bytes_max: 64 << 20, ..Config::default() });
    hears_everything_in_order(&server, &mut server.connect());
    assert!(server.handle.statistics().writes_partial > 0, "the line was full");
}

#[test]
fn under_tls_a_reader_that_stops_and_goes_on_hears_everything_in_order() {
    let server = Server::start(Config { outbox_bytes_max: 64 << 20, ..Config::default() });
    hears_everything_in_order(&server, &mut server.connect_tls(None));
}

fn hears_everything_in_order<T: Read + Write>(server: &Server, client: &mut RealClient<T>) {
    client.say(r#"sub {"r":1} 7"#);
    assert_eq!(client.hear(1), [text("ok 7")]);
    let padding = "p".repeat(50_000);
    for number in 0..300 {
        server.handle.publish(publication(&format!("{number} {padding} "))).unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    for (number, heard) in client.hear(300).into_iter().enumerate() {
        assert_eq!(heard, text(&format!("{number} {padding} 7")));
    }
}

#[test]
fn under_tls_what_the_session_had_read_ahead_is_answered() {
    let server = Server::start(Config::default());
    let mut client = server.connect_tls(Some("echo ahead"));
    assert_eq!(client.hear(1), [text("echo ahead")]);
    client.say("echo later");
    assert_eq!(client.hear(1), [text("echo later")]);
}

#[test]
fn under_tls_an_answer_larger_than_the_session_holds_arrives_whole() {
    let server = Server::start(Config::default());
    let mut client = server.connect_tls(None);
    let long = "long ".repeat(60_000);
    client.say(&long);
    assert_eq!(client.hear(1), [text(&long)]);
}

#[test]
fn under_tls_the_session_ends_in_order() {
    let server = Server::start(Config::default());
    let mut client = server.connect_tls(None);
    client.close(CloseCode::NORMAL);
    assert_eq!(client.hear(2), [close(1000), Heard::End]);
}

#[test]
fn a_slow_reader_is_told_so_and_the_others_hear_everything() {
    let server = Server::start(Config { outbox_bytes_max: 100_000, ..Config::default() });
    let (mut slow, mut quick) = (server.connect(), server.connect());
    for (client, id) in [(&mut slow, "1"), (&mut quick, "2")] {
        client.say(&format!(r#"sub {{"r":1}} {id}"#));
        client.hear(1);
    }
    let padding = "p".repeat(50_000);
    for number in 0..400 {
        server.handle.publish(publication(&format!("{number} {padding} "))).unwrap();
        assert_eq!(quick.hear(1), [text(&format!("{number} {padding} 2"))]);
    }
    server.wait_until(|statistics| statistics.slow_closed == 1);
    let mut heard = slow.hear(400);
    assert_eq!(heard.split_off(heard.len() - 2), [close(1013), Heard::End]);
    for (number, heard) in heard.into_iter().enumerate() {
        assert_eq!(heard, text(&format!("{number} {padding} 1")));
    }
    server.wait_until(|statistics| statistics.connections == 1 && statistics.slow_dropped > 0);
}

#[test]
fn a_message_longer_than_the_outbox_reaches_who_reads_it_and_what_follows_counts() {
    let server = Server::start(Config { outbox_bytes_max: 100_000, ..Config::default() });
    let mut client = server.connect();
    client.say(r#"sub {"r":1} 1"#);
    client.hear(1);
    let long = format!("long {} ", "p".repeat(15_000_000));
    server.handle.publish(publication(&long)).unwrap();
    server.wait_until(|statistics| statistics.writes_partial > 0);
    server.handle.publish(publication("short ")).unwrap();
    assert_eq!(client.hear(2), [text(&format!("{long}1")), text("short 1")]);
    for _ in 0..2 {
        server.handle.publish(publication(&long)).unwrap();
    }
    assert_eq!(client.hear(3), [text(&format!("{long}1")), close(1013), Heard::End]);
    assert_eq!(server.handle.statistics().slow_closed, 1);
}

#[test]
fn who_breaks_the_protocol_is_told_so_though_it_goes_on_sending() {
    let server = Server::start(Config::default());
    let mut client = server.connect();
    client.send("echo before");
    client.output.extend([0x81, 1, b'x']);
    client.output.extend(vec![0; 1_000_000]);
    client.flush();
    assert_eq!(client.hear(3), [text("echo before"), close(1002), Heard::End]);
}

#[test]
fn who_is_killed_in_the_middle_of_a_message_is_forgotten_at_once() {
    let server = Server::start(Config::default());
    for _ in 0..50 {
        let mut client = server.connect();
        client.output.extend([0x81, 0xfe, 1, 0, 1, 2, 3, 4, b'h', b'a', b'l', b'f']);
        client.flush();
    }
    server.wait_until(|statistics| statistics.adopted == 50 && statistics.connections == 0);
    assert_eq!(server.handle.statistics().ended_unclean, 50);
}

#[test]
fn loops_that_stop_deliver_say_goodbye_and_end() {
    let server = Server::start(Config { loops: 2, ..Config::default() });
    let mut clients: Vec<_> = (0..4).map(|_| server.connect()).collect();
    for (id, client) in clients.iter_mut().enumerate() {
        client.say(&format!(r#"sub {{"r":1}} {id}"#));
        client.hear(1);
    }
    server.handle.publish(publication("last ")).unwrap();
    server.handle.stop(Duration::from_secs(60));
    for (id, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.hear(3), [text(&format!("last {id}")), close(1001), Heard::End]);
    }
    server.loops.join().unwrap();
}

struct Server {
    handle: Handle<Rooms>,
    loops: Loops,
    listener: TcpListener,
    clients: AtomicUsize,
}

impl Server {
    fn start(config: Config) -> Self {
        let config = Config { loops: config.loops.min(2), ..config };
        let journal = Journal::default();
        journal.lock().handled = vec![0; config.loops];
        let (handle, loops) = start(&config, |_| Rooms { journal: journal.clone() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { handle, loops, listener, clients: AtomicUsize::new(0) }
    }

    fn line(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        client.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        (self.listener.accept().unwrap().0, client)
    }

    fn connect(&self) -> RealClient<TcpStream> {
        self.connect_with(|_| Vec::new())
    }

    fn connect_with(
        &self,
        early: impl FnOnce(&mut RealClient<TcpStream>) -> Vec<u8>,
    ) -> RealClient<TcpStream> {
        let (ours, theirs) = self.line();
        let mut client = RealClient::new(theirs);
        let early = early(&mut client);
        self.adopt(Socket::plain(ours).unwrap(), early);
        client
    }

    /// Connects under TLS; the server's session has read `ahead` when the loop takes it over.
    fn connect_tls(
        &self,
        ahead: Option<&str>,
    ) -> RealClient<rustls::StreamOwned<ClientConnection, TcpStream>> {
        let (mut ours, theirs) = self.line();
        let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/certificate.pem"));
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        let certificate = certificate.unwrap();
        roots.add(certificate.clone()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate], key).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut client = RealClient::new(rustls::StreamOwned::new(session, theirs));
        let reads_ahead = ahead.is_some();
        let handshake = std::thread::spawn(move || {
            let mut session = ServerConnection::new(Arc::new(server)).unwrap();
            while session.is_handshaking() {
                session.complete_io(&mut ours).unwrap();
            }
            while reads_ahead
                && session.process_new_packets().unwrap().plaintext_bytes_to_read() == 0
            {
                session.read_tls(&mut ours).unwrap();
            }
            (ours, session)
        });
        client.stream.flush().unwrap();
        if let Some(ahead) = ahead {
            client.say(ahead);
        }
        let (ours, session) = handshake.join().unwrap();
        self.adopt(Socket::tls(ours, session).unwrap(), Vec::new());
        client
    }

    fn adopt(&self, socket: Socket, early: Vec<u8>) {
        let session =
            Session { client: self.clients.fetch_add(1, Ordering::Relaxed), greeted: false };
        let adoption = Adoption { socket, early: Bytes::from(early), deflate: None, session };
        assert!(self.handle.adopt(adoption).is_ok());
    }

    fn wait_until(&self, reached: impl Fn(&Statistics) -> bool) {
        let began = Instant::now();
        while !reached(&self.handle.statistics()) {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", self.handle.statistics());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

struct RealClient<T> {
    stream: T,
    websocket: WebSocket,
    scratch: Scratch,
    output: Vec<u8>,
    heard: std::collections::VecDeque<Heard>,
    ended: bool,
}

impl<T: Read + Write> RealClient<T> {
    fn new(stream: T) -> Self {
        let config = wire::Config {
            role: Role::Client,
            frame_bytes_max: 1 << 30,
            message_bytes_max: 1 << 30,
            ..wire::Config::default()
        };
        Self {
            stream,
            websocket: WebSocket::new(&Arc::new(config), None, Instant::now()),
            scratch: Scratch::new(),
            output: Vec::new(),
            heard: std::collections::VecDeque::new(),
            ended: false,
        }
    }

    fn send(&mut self, text: &str) {
        let Self { websocket, scratch, output, .. } = self;
        websocket.send(Kind::Text, &[text.as_bytes()], scratch, output).unwrap();
    }

    fn say(&mut self, text: &str) {
        self.send(text);
        self.flush();
    }

    fn close(&mut self, code: CloseCode) {
        self.websocket.close(code, "", Instant::now());
        self.flush();
    }

    fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn flush(&mut self) {
        self.websocket.poll_output(&mut self.output);
        let output = self.take_output();
        // A line that the server has left already is noticed by reading.
        let _ = self.stream.write_all(&output).and_then(|()| self.stream.flush());
    }

    /// Returns the next things it hears: so many, or all until the line ends.
    fn hear(&mut self, count: usize) -> Vec<Heard> {
        while self.heard.len() < count && !self.ended {
            self.read();
        }
        self.heard.drain(..count.min(self.heard.len())).collect()
    }

    fn read(&mut self) {
        let mut buffer = vec![0; 1 << 16];
        let bytes = match self.stream.read(&mut buffer) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.heard.push_back(Heard::Reset);
                self.ended = true;
                return;
            }
            Err(error) => panic!("nothing was heard: {error}, after {:?}", self.heard),
        };
        if bytes == 0 {
            self.heard.push_back(Heard::End);
            self.ended = true;
        }
        let Self { websocket, scratch, heard, .. } = self;
        let mut received = websocket.receive(&mut buffer[..bytes], scratch, Instant::now());
        while let Some(event) = received.next() {
            heard.push_back(match event {
                Event::Text(text) => Heard::Text(text.to_owned()),
                Event::Binary(bytes) => Heard::Binary(bytes.to_owned()),
                Event::Close(code, reason) => {
                    let _ = reason;
                    Heard::Close(code, String::new())
                }
                Event::Failed(error) => Heard::Failed(error),
                Event::Ping(_) | Event::Pong(_) => continue,
            });
        }
        drop(received);
        self.flush();
    }
}

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

fn close(code: u16) -> Heard {
    Heard::Close(CloseCode::from_wire(code), String::new())
}

fn publication(shared: &str) -> Publication {
    let envelope = Envelope { shared: Bytes::copy_from_slice(shared.as_bytes()), closing: "" };
    Publication::new(vec![Room::parse(r#"{"r":1}"#).unwrap()], Match::Literal, envelope)
}
