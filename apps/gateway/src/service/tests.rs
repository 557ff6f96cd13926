use super::rate::Pace;
use super::{Admission, Gateway, Rate, Session, Settings};
use crate::command::Command;
use crate::config;
use crate::reply::Speech;
use bytes::Bytes;
use campanile_hub::{Match, Permissions, Room};
use campanile_manager::{Adoption, Config, Envelope, Handle, Loops, Publication, Socket};
use campanile_manager::{hub, start};
use expect_test::{Expect, expect};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// One loop with the gateway on it.
struct World {
    settings: Arc<Settings>,
    handle: Handle<Gateway>,
    loops: Loops,
}

impl World {
    /// With the limits of the default configuration.
    fn usual() -> World {
        World::start(Settings::new(&config::Config::default().limits, None), hub::Limits::default())
    }

    fn start(settings: Settings, hub: hub::Limits) -> World {
        let settings = Arc::new(settings);
        let config = Config { loops: 1, hub, ..Config::default() };
        let (handle, loops) = start(&config, |_| Gateway::new(Arc::clone(&settings))).unwrap();
        assert!(settings.handle.set(handle.clone()).is_ok(), "it was empty");
        World { settings, handle, loops }
    }

    fn connect(&self, session: Session) -> Client {
        self.connect_early(session, &[])
    }

    /// Connects a client that has sent `early` behind its handshake.
    fn connect_early(&self, session: Session, early: &[u8]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let socket = Socket::plain(server).unwrap();
        let early = Bytes::copy_from_slice(early);
        let adoption = Adoption { socket, early, deflate: None, session };
        assert!(self.handle.adopt(adoption).is_ok(), "the mailbox has room");
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(client)
    }

    /// Publishes, and returns how many subscriptions that reached.
    fn publish(&self, room: &str) -> u64 {
        let envelope = Envelope {
            shared: r#"{"type": "publish", "data": 1, "requestId": "#.into(),
            closing: "}",
        };
        let rooms = vec![Room::parse(room).unwrap()];
        let publication = Publication::new(rooms, Match::Literal, envelope);
        let receipt = self.handle.publish_counted(publication).unwrap();
        receipt.wait(PATIENCE).expect("the loop delivers it")
    }

    fn stop(self) {
        self.handle.stop(Duration::ZERO);
        self.loops.join().unwrap();
    }
}

/// The other end: text goes out in frames masked with zeros, and comes back as `< text`.
struct Client(TcpStream);

impl Client {
    fn send(&mut self, text: &str) {
        self.0.write_all(&frame(text)).unwrap();
    }

    /// Returns what came next.
    fn receive(&mut self) -> String {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let mut length = usize::from(head[1]);
        if length == 126 {
            let mut long = [0; 2];
            self.0.read_exact(&mut long).unwrap();
            length = usize::from(u16::from_be_bytes(long));
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        match (head[0], payload.as_slice()) {
            (0x81, text) => format!("< {}", str::from_utf8(text).unwrap()),
            (0x88, []) => "closed".to_owned(),
            (0x88, [high, low, reason @ ..]) => {
                let code = u16::from_be_bytes([*high, *low]);
                format!("closed {code} {}", str::from_utf8(reason).unwrap()).trim_end().to_owned()
            }
            (first, _) => panic!("a frame began with {first:#x}"),
        }
    }

    /// Returns all that comes until a ping of ours is answered, or the end.
    fn settle(&mut self) -> String {
        self.send("ping");
        let mut came = String::new();
        loop {
            let next = self.receive();
            if next == "< pong" {
                return came;
            }
            writeln!(came, "{next}").unwrap();
            if next.starts_with("closed") {
                return came;
            }
        }
    }
}

fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("the scripts' messages are short");
    let mut frame = match length {
        0..126 => vec![0x81, 0x80 | length],
        length => vec![0x81, 0x80 | 126, 0, length],
    };
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Somebody who is let in, and of whom no more is known.
fn session(speech: Speech, permissions: Permissions) -> Session {
    let admission = Admission::of(Arc::new(permissions));
    Session::authorized(speech, admission, None, None, Box::new(()))
}

/// Plays a client's messages; a line that begins with `!` is a room that is published to.
fn check(speech: Speech, world: World, script: &[&str], expected: &Expect) {
    let permissions = Permissions::parse(r#"[{"zoo":"*"}]"#).unwrap();
    let session = session(speech, permissions);
    let mut client = world.connect(session);
    let mut transcript = client.settle();
    for line in script {
        writeln!(transcript, "{line}").unwrap();
        match line.strip_prefix('!') {
            Some(room) => _ = world.publish(room),
            None => client.send(line),
        }
        transcript += &client.settle();
        if transcript.contains("closed") {
            break;
        }
    }
    world.stop();
    expected.assert_eq(&varying_hidden(&transcript));
}

/// Puts `<uuid>`, `<time>` and `<number>` for what differs from run to run, or counts our pings.
fn varying_hidden(transcript: &str) -> String {
    let is_uuid = |text: &str| text.len() == 36 && text.matches('-').count() == 4;
    let is_time = |text: &str| text.len() == 26 && text.contains('T');
    let mut hidden: Vec<&str> = Vec::new();
    for text in transcript.split('"') {
        let counter = hidden.last().is_some_and(|key| {
            key.starts_with("ws_messages_received") || *key == "ws_messages_send"
        });
        hidden.push(match text {
            _ if counter => ": <number>, ",
            text if is_uuid(text) => "<uuid>",
            text if is_time(text) => "<time>",
            text => text,
        });
    }
    hidden.join("\"")
}

const CONVERSATION: &[&str] = &[
    r#"{"type":"subscribe","room":{"zoo":1},"requestId":"r"}"#,
    r#"{"type":"subscribe","room":{"zoo":1},"requestId":"r"}"#,
    r#"{"type":"subscribe","room":{"zoo":2},"requestId":2}"#,
    r#"{"type":"subscribe","room":{"sea":1},"requestId":"s"}"#,
    r#"{"type":"subscribe","room":{"zoo":1}}"#,
    r#"{"type":"subscribe","requestId":"s"}"#,
    r#"{"type":"status","requestId":"q"}"#,
    r#"!{"zoo":1}"#,
    r#"!{"zoo":2}"#,
    r#"{"type":"unsubscribe","requestId":"r"}"#,
    r#"{"type":"unsubscribe","requestId":"r"}"#,
    r#"{"type":"unsubscribe"}"#,
    r#"!{"zoo":1}"#,
    r#"{"type":"dance","requestId":"q"}"#,
    "{}",
    "[]",
    "no JSON",
];

#[test]
fn a_client_of_dialect_3_is_answered_as_ever() {
    check(
        Speech::Dialect3,
        World::usual(),
        CONVERSATION,
        &expect![[r#"
            < {"is_authorized": true, "allowed_rooms": [{"zoo":"*"}]}
            {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
            < {"code": "success"}
            {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
            < {"code": "success"}
            {"type":"subscribe","room":{"zoo":2},"requestId":2}
            < {"code": "success"}
            {"type":"subscribe","room":{"sea":1},"requestId":"s"}
            < {"code": "error", "message": "room-not-found"}
            {"type":"subscribe","room":{"zoo":1}}
            < {"code": "error", "message": "no-request-id"}
            {"type":"subscribe","requestId":"s"}
            < {"code": "error", "message": "room-not-found"}
            {"type":"status","requestId":"q"}
            < {"open_connections": 1, "num_rooms": 2, "online_since": "<time>", "rabbitmq_messages_received": 0, "ws_messages_received": <number>, "ws_messages_send": <number>, "ws_messages_send_error": 0, "ws_messages_send_queued": 0}
            !{"zoo":1}
            < {"type": "publish", "data": 1, "requestId": "r"}
            !{"zoo":2}
            < {"type": "publish", "data": 1, "requestId": 2}
            {"type":"unsubscribe","requestId":"r"}
            < {"code": "success"}
            {"type":"unsubscribe","requestId":"r"}
            < {"code": "error", "message": "not-subscribed"}
            {"type":"unsubscribe"}
            < {"code": "error", "message": "no-request-id"}
            !{"zoo":1}
            {"type":"dance","requestId":"q"}
            < {"requestId": "<uuid>", "code": "error", "message": "message-type-not-allowed"}
            {}
            < {"requestId": "<uuid>", "code": "error", "message": "message-type-not-allowed"}
            []
            < {"requestId": "<uuid>", "code": "error", "message": "message-type-not-allowed"}
            no JSON
            < {"requestId": "<uuid>", "code": "error", "message": "non-json-message"}
        "#]],
    );
}

#[test]
fn a_client_of_2_5_is_answered_as_it_was_then() {
    check(
        Speech::Dialect25,
        World::usual(),
        CONVERSATION,
        &expect![[r#"
        < {"allowed_rooms": [{"zoo":"*"}]}
        {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
        < {"requestId": "r", "code": "success"}
        {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
        < {"requestId": "r", "code": "success"}
        {"type":"subscribe","room":{"zoo":2},"requestId":2}
        < {"requestId": 2, "code": "success"}
        {"type":"subscribe","room":{"sea":1},"requestId":"s"}
        < {"requestId": "s", "code": "error", "message": "room-not-found"}
        {"type":"subscribe","room":{"zoo":1}}
        {"type":"subscribe","requestId":"s"}
        {"type":"status","requestId":"q"}
        < {"requestId": "q", "code": "error", "message": "message-type-not-allowed"}
        !{"zoo":1}
        < {"type": "publish", "data": 1, "requestId": "r"}
        !{"zoo":2}
        < {"type": "publish", "data": 1, "requestId": 2}
        {"type":"unsubscribe","requestId":"r"}
        < {"requestId": "r", "code": "success"}
        {"type":"unsubscribe","requestId":"r"}
        < {"requestId": "r", "code": "error", "message": "not-subscribed"}
        {"type":"unsubscribe"}
        !{"zoo":1}
        {"type":"dance","requestId":"q"}
        < {"requestId": "q", "code": "error", "message": "message-type-not-allowed"}
        {}
        []
        no JSON
    "#]],
    );
}

#[test]
fn a_client_of_campanile_v1_hears_to_what_it_is_answered() {
    check(
        Speech::V1,
        World::usual(),
        CONVERSATION,
        &expect![[r#"
            < {"is_authorized": true, "allowed_rooms": [{"zoo":"*"}], "connection": "<uuid>"}
            {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
            < {"requestId": "r", "code": "success"}
            {"type":"subscribe","room":{"zoo":1},"requestId":"r"}
            < {"requestId": "r", "code": "success"}
            {"type":"subscribe","room":{"zoo":2},"requestId":2}
            < {"requestId": 2, "code": "success"}
            {"type":"subscribe","room":{"sea":1},"requestId":"s"}
            < {"requestId": "s", "code": "error", "message": "room-not-found"}
            {"type":"subscribe","room":{"zoo":1}}
            < {"requestId": null, "code": "error", "message": "no-request-id"}
            {"type":"subscribe","requestId":"s"}
            < {"requestId": "s", "code": "error", "message": "room-not-found"}
            {"type":"status","requestId":"q"}
            < {"requestId": "q", "open_connections": 1, "num_rooms": 2, "online_since": "<time>", "rabbitmq_messages_received": 0, "ws_messages_received": <number>, "ws_messages_send": <number>, "ws_messages_send_error": 0, "ws_messages_send_queued": 0}
            !{"zoo":1}
            < {"type": "publish", "data": 1, "requestId": "r"}
            !{"zoo":2}
            < {"type": "publish", "data": 1, "requestId": 2}
            {"type":"unsubscribe","requestId":"r"}
            < {"requestId": "r", "code": "success"}
            {"type":"unsubscribe","requestId":"r"}
            < {"requestId": "r", "code": "error", "message": "not-subscribed"}
            {"type":"unsubscribe"}
            < {"requestId": null, "code": "error", "message": "no-request-id"}
            !{"zoo":1}
            {"type":"dance","requestId":"q"}
            < {"requestId": "q", "code": "error", "message": "message-type-not-allowed"}
            {}
            < {"requestId": null, "code": "error", "message": "message-type-not-allowed"}
            []
            < {"requestId": null, "code": "error", "message": "message-type-not-allowed"}
            no JSON
            < {"requestId": null, "code": "error", "message": "non-json-message"}
        "#]],
    );
}

#[test]
fn a_subscribe_beyond_a_limit_is_answered_with_an_error() {
    let (subscriptions_per_connection_max, rooms_max, pattern_rooms_max) = (3, 2, 1);
    let hub = hub::Limits { subscriptions_per_connection_max, rooms_max, pattern_rooms_max };
    check(
        Speech::Dialect3,
        World::start(Settings::new(&config::Config::default().limits, None), hub),
        &[
            r#"{"type":"subscribe","room":{"zoo":1},"requestId":1}"#,
            r#"{"type":"subscribe","room":{"zoo":2},"requestId":1}"#,
            r#"{"type":"subscribe","room":{"zoo":3},"requestId":1}"#,
            r#"{"type":"subscribe","room":{"zoo":2},"requestId":2}"#,
            r#"{"type":"subscribe","room":{"zoo":2},"requestId":3}"#,
        ],
        &expect![[r#"
            < {"is_authorized": true, "allowed_rooms": [{"zoo":"*"}]}
            {"type":"subscribe","room":{"zoo":1},"requestId":1}
            < {"code": "success"}
            {"type":"subscribe","room":{"zoo":2},"requestId":1}
            < {"code": "success"}
            {"type":"subscribe","room":{"zoo":3},"requestId":1}
            < {"code": "error", "message": "too-many-rooms"}
            {"type":"subscribe","room":{"zoo":2},"requestId":2}
            < {"code": "success"}
            {"type":"subscribe","room":{"zoo":2},"requestId":3}
            < {"code": "error", "message": "too-many-subscriptions"}
        "#]],
    );
}

#[test]
fn a_client_that_sends_too_much_is_told_and_closed() {
    let settings = Settings::new(&config::Config::default().limits, None);
    let hour = 3_600_000_000_000;
    settings.rate.set(Rate { interval: hour, ahead_max: 3 * hour });
    // Each line is followed by a ping.
    check(
        Speech::Dialect3,
        World::start(settings, hub::Limits::default()),
        &["[]", "[]"],
        &expect![[r#"
        < {"is_authorized": true, "allowed_rooms": [{"zoo":"*"}]}
        []
        < {"requestId": "<uuid>", "code": "error", "message": "message-type-not-allowed"}
        []
        < {"code": "error", "message": "rate-limited"}
        closed 1008 too many messages
    "#]],
    );
}

#[test]
fn who_is_not_let_in_is_told_so_unless_in_2_5_and_not_listened_to() {
    let world = World::usual();
    let mut transcript = String::new();
    for speech in [Speech::Dialect3, Speech::Dialect25, Speech::V1] {
        let mut client = world.connect(Session::refused(speech, Box::new(())));
        writeln!(transcript, "{speech:?}\n{}", client.settle()).unwrap();
    }
    let authorized = world.settings.counters.authorized.load(super::Relaxed);
    world.stop();
    assert_eq!(authorized, 0);
    expect![[r#"
        Dialect3
        < {"is_authorized": false}
        closed 1000

        Dialect25
        closed

        V1
        < {"is_authorized": false}
        closed 1000

    "#]]
    .assert_eq(&transcript);
}

#[test]
fn what_was_sent_before_the_greeting_is_answered_after_it_unless_nobody_is_let_in() {
    let world = World::usual();
    let early = [frame("{}"), frame(r#"{"type":"unsubscribe","requestId":1}"#)].concat();
    let authorized = session(Speech::Dialect25, Permissions::parse("[]").unwrap());
    let mut transcript = world.connect_early(authorized, &early).settle();
    let refused = Session::refused(Speech::Dialect3, Box::new(()));
    transcript += &world.connect_early(refused, &early).settle();
    world.stop();
    expect![[r#"
        < {"allowed_rooms": []}
        < {"requestId": 1, "code": "error", "message": "not-subscribed"}
        < {"is_authorized": false}
        closed 1000
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn a_session_gives_its_permit_back_when_it_ends() {
    let world = World::usual();
    let permit = Arc::new(());
    let session = Session::refused(Speech::Dialect3, Box::new(Arc::clone(&permit)));
    world.connect(session).settle();
    world.stop();
    assert_eq!(Arc::strong_count(&permit), 1);
}

#[test]
fn at_the_end_each_share_is_as_large_as_the_others_and_the_last_takes_all_that_are_left() {
    let (world, mut clients) = (World::usual(), Vec::new());
    for _ in 0..20 {
        let permissions = Permissions::parse(r#"[{"zoo":"*"}]"#).unwrap();
        let mut client = world.connect(session(Speech::Dialect3, permissions));
        client.send(r#"{"type":"subscribe","room":{"zoo":1},"requestId":1}"#);
        assert!(client.settle().contains("success"));
        clients.push(client);
    }
    let reached = [6, 5, 4, 3, 2, 1].map(|shares_left| {
        let reconnect_within = Duration::ZERO;
        let close = || Command::CloseShare { shares_left, reconnect_within };
        world.handle.command_all(close).unwrap();
        // The turn in which they are closed may still deliver to them; the one after it does not.
        world.publish("{}");
        world.publish(r#"{"zoo":1}"#)
    });
    world.stop();
    assert_eq!(reached, [16, 12, 9, 6, 3, 0]);
}

#[test]
fn a_session_is_small() {
    assert!(size_of::<Session>() <= 104, "{}", size_of::<Session>());
}

#[test]
fn a_burst_is_allowed_and_then_the_rate_counts() {
    let (rate, mut pace) = (Rate::new(Some(10), 3), Pace::default());
    let mut kept = |milliseconds: u64, messages: usize| {
        let now = Duration::from_millis(1_000_000 + milliseconds);
        (0..messages).filter(|_| pace.keeps(&rate, now)).count()
    };
    assert_eq!(kept(0, 5), 3);
    assert_eq!(kept(99, 5), 0);
    assert_eq!(kept(100, 5), 1);
    assert_eq!(kept(350, 5), 2);
    assert_eq!(kept(60_000, 5), 3);
}

#[test]
fn without_a_rate_every_message_is_kept() {
    let (rate, mut pace) = (Rate::new(None, 1), Pace::default());
    assert!((0..1_000).all(|_| pace.keeps(&rate, Duration::ZERO)));
}
