//! Moments that a seed would meet too seldom, on lines without faults.

mod promises;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use campanile_manager::hub::{Match, Room};
use campanile_manager::testing::{Client, Faults, Heard, Network, SimSocket, Simulation};
use campanile_manager::wire::{self, CloseCode};
use campanile_manager::{
    Adoption, Config, ConnectionKey, Envelope, Passage, PostError, Publication, Slow, Statistics,
    Watch,
};

use crate::service::{Journal, Rooms, Session, Tell};

#[test]
fn a_client_that_answers_pings_stays_and_one_that_was_cut_is_given_up() {
    let mut world = World::new(&Config::default());
    let (well, cut) = (world.connect(), world.connect());
    world.clients[cut].line().cut();
    world.pass(Duration::from_secs(49));
    assert_eq!(world.simulation.handle.statistics().connections, 2);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.simulation.handle.statistics().connections, 1);
    world.pass(Duration::from_secs(600));
    assert!(world.heard[well].is_empty() && world.clients[well].can_send());
}

#[test]
fn a_client_without_messages_is_closed_though_it_answers_pings() {
    let quiet =
        wire::Config { quiet_max: Some(Duration::from_secs(100)), ..wire::Config::default() };
    let mut world = World::new(&Config { websocket: Arc::new(quiet), ..Config::default() });
    let client = world.connect();
    world.pass(Duration::from_secs(90));
    world.say(client, "echo me");
    world.pass(Duration::from_secs(99));
    assert_eq!(world.take(client), [text("echo me")]);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.codes(client), [Some(1000), None]);
    assert_eq!(world.simulation.handle.statistics().connections, 0);
}

#[test]
fn a_message_that_takes_too_long_is_not_waited_for() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    world.clients[client].send_raw(&[0x82, 0xfe, 1, 0, 0, 0, 0, 0, b'x']);
    world.pass(Duration::from_secs(59));
    assert_eq!(world.heard[client], []);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.heard[client].len(), 1, "closed: {:?}", world.heard[client]);
}

#[test]
fn who_says_close_and_ends_its_stream_still_reads_what_waited() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    world.say(client, &format!("burst 20 {}", 3_000));
    world.network.get_on();
    let now = world.network.now();
    world.clients[client].close(CloseCode::NORMAL, now);
    world.clients[client].write(usize::MAX);
    // The server is full of what the client has not read; then it reads the close, then the end.
    world.turn();
    world.network.get_on();
    world.turn();
    world.clients[client].line().shut_down_write();
    world.network.get_on();
    world.turn();
    world.rest();
    let heard = world.take(client);
    assert_eq!(heard.len(), 22, "20 texts, a close and the end: {:?}", heard.last());
    assert!(matches!(heard[20], Heard::Close(Some(CloseCode::NORMAL), _)));
}

/// A ping, masked with nothing.
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];

#[test]
fn who_says_more_behind_a_close_still_reads_what_waited() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    let now = world.network.now();
    world.say(client, "burst 3 10");
    world.clients[client].close(CloseCode::NORMAL, now);
    world.clients[client].write(usize::MAX);
    world.network.get_on();
    world.turn();
    // All of the answer is under way when more comes.
    world.clients[client].line().write(&PING);
    world.rest();
    let heard = world.take(client);
    assert_eq!(heard.len(), 5, "3 texts, a close and the end: {:?}", heard.last());
    assert_eq!(heard[4], Heard::End);
}

#[test]
fn who_never_hangs_up_is_waited_for_so_long_only() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    let now = world.network.now();
    world.clients[client].close(CloseCode::NORMAL, now);
    world.clients[client].write(usize::MAX);
    world.clients[client].leave();
    world.pass(Duration::from_millis(500));
    world.clients[client].line().write(&PING);
    world.pass(Duration::from_millis(400));
    assert_eq!(world.simulation.handle.statistics().connections, 1);
    world.pass(Duration::from_millis(200));
    assert_eq!(world.simulation.handle.statistics().connections, 0);
}

#[test]
fn thousands_of_connections_on_four_loops_hear_the_same() {
    let mut world = World::new(&Config { loops: 4, ..Config::default() });
    for id in 0..2_000 {
        let client = world.connect();
        world.say(client, &format!(r#"sub {{"r":1}} {id}"#));
    }
    world.rest();
    let mut receipts = Vec::new();
    for number in 0..5 {
        let publication = publication(&format!("{number} "));
        receipts.push(world.simulation.handle.publish_counted(publication).expect("room"));
    }
    world.simulation.stop(Duration::from_secs(30));
    world.rest();
    assert!(world.simulation.is_done());
    let (socket, _line) = world.network.connect();
    let session = Session { client: 2_000, greeted: false };
    let adoption = Adoption { socket, early: Bytes::new(), deflate: None, session };
    assert!(world.simulation.handle.adopt(adoption).is_err(), "nobody is there to adopt it");
    let late = world.simulation.handle.publish(publication("late "));
    assert_eq!(late, Err(PostError::Ended), "nobody is there to hear it");
    assert!(receipts.iter().all(|receipt| receipt.wait(Duration::ZERO) == Some(2_000)));
    for id in 0..2_000 {
        let mut heard = world.take(id).into_iter();
        assert_eq!(heard.next(), Some(text(&format!("ok {id}"))));
        for number in 0..5 {
            assert_eq!(heard.next(), Some(text(&format!("{number} {id}"))));
        }
        assert!(matches!(heard.next(), Some(Heard::Close(Some(CloseCode::GOING_AWAY), _))));
    }
}

/// Keeps what the loops say of one publication.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Passage>>);

impl Watch for Kept {
    fn passed(&self, passage: Passage) {
        self.0.lock().expect("nobody panics over it").push(passage);
    }
}

#[test]
fn each_loop_tells_who_watches_a_publication_when_it_did_its_part() {
    let mut world = World::new(&Config { loops: 3, ..Config::default() });
    for id in 0..7 {
        let client = world.connect();
        world.say(client, &format!(r#"sub {{"r":1}} {id}"#));
    }
    world.rest();
    let (kept, posted) = (Arc::new(Kept::default()), world.network.now());
    let watched = publication("1 ").watched_by(Some(Arc::clone(&kept) as Arc<dyn Watch>));
    world.simulation.handle.publish(watched).expect("room");
    world.simulation.handle.publish(publication("2 ")).expect("room");
    world.rest();
    let mut passages = std::mem::take(&mut *kept.0.lock().expect("nobody panics over it"));
    passages.sort_by_key(|passage| passage.loop_index);
    let told = passages.iter().map(|passage| (passage.loop_index, passage.deliveries));
    assert_eq!(told.collect::<Vec<_>>(), [(0, 3), (1, 2), (2, 2)]);
    for Passage { taken, fanned_out, written, .. } in passages {
        assert!(posted <= taken && taken <= fanned_out && fanned_out <= written);
    }
}

#[test]
fn calls_that_are_interrupted_are_made_again_and_lose_no_readiness() {
    let faults = Faults { interrupts: 800, ..FAULTLESS };
    let mut world = World::with_faults(&Config::default(), faults);
    for _ in 0..20 {
        let client = world.connect();
        world.say(client, "burst 20 3000");
        world.say(client, "last");
    }
    // Read, and written behind a full line, in many turns that each were told only once.
    world.rest();
    for client in 0..20 {
        let heard = world.take(client);
        assert_eq!((heard.len(), heard.last()), (21, Some(&text("last"))), "client {client}");
    }
    assert!(world.simulation.handle.statistics().writes_partial > 0, "the lines were full");
}

#[test]
fn a_write_that_fails_over_a_backlog_ends_the_connection_once_and_counts_right() {
    let mut world = World::new(&Config::default());
    let (lost, well) = (world.connect(), world.connect());
    world.say(lost, r#"sub {"r":1} 3"#);
    world.say(well, r#"sub {"r":1} 7"#);
    world.rest();
    world.say(lost, "burst 20 3000");
    while world.network.get_on() {}
    world.turn();
    assert!(world.simulation.backlog_bytes_max() > 0, "nobody reads");
    // It reads a little, so there is room to write; then it is gone.
    while world.network.get_on() {}
    drop(world.clients[lost].read(1_000, world.network.now()));
    while world.network.get_on() {}
    world.clients[lost].line().reset_unseen();
    world.clients[lost].leave();
    world.simulation.handle.publish(publication("news ")).expect("room");
    world.rest();
    let statistics = world.simulation.handle.statistics();
    assert_eq!((statistics.connections, statistics.subscriptions), (1, 1));
    assert_eq!((statistics.ended, statistics.ended_unclean), (1, 1));
    assert_eq!((statistics.frames_waiting, statistics.slow_dropped), (0, 0));
    assert_eq!(world.journal.lock().clients[&lost].closed.len(), 1);
    assert_eq!(world.take(well), [text("ok 7"), text("news 7")]);
}

#[test]
fn who_is_left_out_of_a_publication_does_not_hear_it_nor_count() {
    let mut world = World::new(&Config { loops: 2, ..Config::default() });
    for id in 0..6 {
        let client = world.connect();
        world.say(client, &format!(r#"sub {{"r":1}} {id}"#));
    }
    world.rest();
    let key = |client| world.journal.lock().clients[&client].key.expect("it was opened");
    let stale = ConnectionKey { serial: 99, ..key(5) };
    let news = publication("news ").excluding([key(3), key(0), stale, key(1), key(0), key(4)]);
    let receipt = world.simulation.handle.publish_counted(news).expect("room");
    world.rest();
    assert_eq!(receipt.wait(Duration::ZERO), Some(2));
    let heard = (0..6).filter(|client| world.heard[*client].len() == 2).collect::<Vec<_>>();
    assert_eq!(heard, [2, 5]);
    let statistics = world.simulation.handle.statistics();
    assert_eq!((statistics.deliveries, statistics.excluded), (2, 4));
}

#[test]
fn a_service_that_watches_rooms_is_told_which_open_and_close() {
    let mut world = World::new(&Config { loops: 1, watch_rooms: true, ..Config::default() });
    let (stays, leaves) = (world.connect(), world.connect());
    world.say(stays, r#"sub {"r":1} 1"#);
    world.rest();
    world.say(leaves, r#"sub {"r":1} 2"#);
    world.say(leaves, r#"sub {"r":2} 3"#);
    world.say(leaves, r#"sub {"r":3} 4"#);
    world.say(leaves, "unsub 4");
    while world.network.get_on() {}
    world.rest();
    world.say(stays, "echo");
    world.clients[leaves].line().reset();
    world.clients[leaves].leave();
    world.rest();
    world.simulation.stop(Duration::from_secs(1));
    world.rest();
    assert_eq!(
        world.journal.lock().room_changes,
        [r#"+{"r":1}"#, r#"+{"r":2} -{"r":3}"#, r#"-{"r":2}"#, r#"-{"r":1}"#]
    );
}

#[test]
fn a_command_to_each_loop_can_list_who_is_where() {
    let mut world = World::new(&Config { loops: 1, ..Config::default() });
    for id in 0..3 {
        let client = world.connect();
        world.say(client, &format!(r#"sub {{"r":1}} {id}"#));
    }
    world.say(1, r#"sub {"r":2} "b""#);
    world.rest();
    let key = world.journal.lock().clients[&1].key.expect("it was opened");
    let handle = &world.simulation.handle;
    let gone = ConnectionKey { serial: 99, ..key };
    assert_eq!(handle.command_each(|_| Tell { key, text: "list".to_owned() }), Ok(()));
    assert_eq!(handle.command_loop(0, Tell { key: gone, text: "list".to_owned() }), Ok(()));
    world.rest();
    assert_eq!(
        world.journal.lock().lists,
        [
            r#"{"r":1} 3; {"r":2} 1; 0 1 of 3; {"r":2} "b" of Some(2)"#,
            r#"{"r":1} 3; {"r":2} 1; 0 1 of 3; of None"#,
        ]
    );
    world.simulation.stop(Duration::from_secs(1));
    world.rest();
    let late = world.simulation.handle.command_each(|_| Tell { key, text: "list".to_owned() });
    assert_eq!(late, Err(PostError::Ended));
}

/// A client stops reading behind 5,000 bytes of burst, misses some of ten publications of 1,000 bytes
/// each in two rooms, and reads on: returns the first words of what it heard then.
fn what_a_slow_client_hears(slow: Slow, outbox_bytes_max: usize) -> (Vec<String>, Statistics) {
    let mut world = World::new(&Config { loops: 1, outbox_bytes_max, ..Config::default() });
    let client = world.connect();
    world.say(client, r#"sub {"r":1} 1"#);
    world.say(client, r#"sub {"r":2} "b""#);
    world.rest();
    world.take(client);
    world.say(client, "burst 1 20000");
    while world.network.get_on() {}
    world.turn();
    for number in 0..10 {
        let text = format!("{number} {} ", "p".repeat(1_000));
        let rooms = [Room::parse(&format!(r#"{{"r":{}}}"#, 1 + number % 2)).expect("a room")];
        let envelope = Envelope { shared: Bytes::from(text), closing: "" };
        let publication = Publication::new(rooms.into(), Match::Literal, envelope);
        world.simulation.handle.publish(publication.when_slow(slow)).expect("room");
        world.turn();
    }
    world.rest();
    let heard = world.take(client);
    let words = heard.iter().map(|heard| match heard {
        Heard::Text(text) if text.starts_with("lost") => text.clone(),
        Heard::Text(text) => text.split(' ').next().unwrap_or_default().to_owned(),
        Heard::Close(code, _) => format!("close {:?}", code.map(CloseCode::number)),
        other => format!("{other:?}"),
    });
    (words.collect(), world.simulation.handle.statistics())
}

#[test]
fn the_oldest_deliveries_give_way_for_a_slow_client_which_is_told_how_many() {
    let (heard, statistics) = what_a_slow_client_hears(Slow::DropOldest, 5_000);
    let lost = [r#"lost 3 1 of {"r":1}"#, r#"lost 3 "b" of {"r":2}"#];
    assert_eq!(heard, ["burst", "6", "7", "8", "9", lost[0], lost[1]]);
    assert_eq!((statistics.slow_gave_way, statistics.slow_closed), (6, 0));
}

#[test]
fn of_each_subscription_of_a_slow_client_only_the_latest_waits() {
    let (heard, statistics) = what_a_slow_client_hears(Slow::Latest, 5_000);
    let lost = [r#"lost 4 1 of {"r":1}"#, r#"lost 4 "b" of {"r":2}"#];
    assert_eq!(heard, ["burst", "8", "9", lost[0], lost[1]]);
    assert_eq!((statistics.slow_gave_way, statistics.slow_closed), (8, 0));
}

#[test]
fn what_may_not_give_way_closes_a_slow_client_as_does_one_latest_too_many() {
    for (slow, outbox_bytes_max) in [(Slow::Close, 5_000), (Slow::Latest, 1_500)] {
        let (heard, statistics) = what_a_slow_client_hears(slow, outbox_bytes_max);
        assert_eq!(heard, ["burst", "close Some(1013)", "End"], "{slow:?}");
        assert_eq!(statistics.slow_closed, 1);
    }
}

#[test]
fn a_paused_connection_is_not_read_and_afterwards_loses_nothing_in_no_other_order() {
    let mut world = World::new(&Config { read_bytes_max: 100, ..Config::default() });
    let (napping, awake) = (world.connect(), world.connect());
    world.say(napping, "nap");
    for number in 0..50 {
        world.say(napping, &format!("message {number}"));
    }
    world.say(awake, "hello");
    world.rest();
    assert_eq!((world.take(napping), world.take(awake)), (vec![], vec![text("hello")]));
    // Nothing that waits for its client is counted against it, and it is still spoken to.
    world.tell(napping, "are you there?");
    world.pass(Duration::from_secs(600));
    assert_eq!(world.take(napping), [text("are you there?")]);
    world.tell(napping, "wake");
    world.rest();
    let echoes = (0..50).map(|number| text(&format!("message {number}")));
    assert_eq!(world.take(napping), echoes.collect::<Vec<_>>());
    world.pass(Duration::from_secs(600));
    assert!(world.clients[napping].can_send(), "it answers pings again");
}

#[test]
fn whoever_pauses_again_and_again_takes_one_message_at_a_time() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    for number in 0..5 {
        world.say(client, &number.to_string());
        world.say(client, "nap");
    }
    for number in 0..5 {
        world.rest();
        assert_eq!(world.take(client), [text(&number.to_string())]);
        world.tell(client, "wake");
    }
}

#[test]
fn a_client_that_leaves_in_a_pause_is_noticed_after_it_and_one_that_is_closed_in_it_answers() {
    let mut world = World::new(&Config::default());
    let (leaving, reset, closed) = (world.connect(), world.connect(), world.connect());
    for client in [leaving, reset, closed] {
        world.say(client, "nap");
    }
    world.say(leaving, "last");
    world.rest();
    let now = world.network.now();
    world.clients[leaving].close(CloseCode::NORMAL, now);
    world.clients[reset].line().reset();
    world.rest();
    assert_eq!(world.simulation.handle.statistics().connections, 3);
    for client in [leaving, reset] {
        world.tell(client, "wake");
    }
    world.rest();
    assert_eq!(world.simulation.handle.statistics().connections, 1);
    assert_eq!(world.take(leaving)[0], text("last"));
    world.simulation.stop(Duration::from_secs(30));
    world.rest();
    assert_eq!(world.codes(closed), [Some(1001), None]);
    assert!(world.simulation.is_done(), "its answer was read at once");
}

#[test]
fn a_service_hears_when_all_is_written_of_a_slow_client_only_once_that_has_read() {
    let mut world = World::new(&Config::default());
    let client = world.connect();
    world.say(client, "tell");
    world.rest();
    assert_eq!(world.take(client), [text("written")]);
    world.say(client, "burst 20 3000");
    world.say(client, "tell");
    for _ in 0..1_000 {
        world.network.get_on();
        world.turn();
    }
    // The line is full of what the client does not read.
    assert!(world.simulation.backlog_bytes_max() > 0);
    assert_eq!(world.journal.lock().written, 1);
    world.rest();
    let heard = world.take(client);
    assert_eq!((heard.len(), heard.last()), (21, Some(&text("written"))));
}

struct World {
    network: Network,
    simulation: Simulation<Rooms>,
    clients: Vec<Client>,
    heard: Vec<Vec<Heard>>,
    journal: Journal,
}

const FAULTLESS: Faults = Faults {
    short_reads: 0,
    short_writes: 0,
    stalls: 0,
    interrupts: 0,
    delays: 0,
    room_bytes_max: 10_000,
};

impl World {
    fn new(config: &Config) -> Self {
        Self::with_faults(config, FAULTLESS)
    }

    fn with_faults(config: &Config, faults: Faults) -> Self {
        let config = Config { loops: config.loops.min(4), ..config.clone() };
        let network = Network::new(0, faults);
        let journal = Journal::default();
        journal.lock().handled = vec![0; config.loops];
        let service = |_| Rooms { journal: journal.clone() };
        let simulation = Simulation::new(&config, &network, 0, service);
        Self { network, simulation, clients: Vec::new(), heard: Vec::new(), journal }
    }

    fn connect(&mut self) -> usize {
        let (client, adoption) = self.arrive();
        assert!(self.simulation.handle.adopt(adoption).is_ok());
        client
    }

    /// Connects a client that no loop has yet.
    fn arrive(&mut self) -> (usize, Adoption<SimSocket, Session>) {
        let (socket, line) = self.network.connect();
        let client = self.clients.len();
        self.clients.push(Client::new(line, None, self.network.now()));
        self.heard.push(Vec::new());
        let session = Session { client, greeted: false };
        (client, Adoption { socket, early: Bytes::new(), deflate: None, session })
    }

    fn say(&mut self, client: usize, text: &str) {
        self.clients[client].send_text(text);
        self.clients[client].write(usize::MAX);
    }

    /// Has another thread tell the service something for a client.
    fn tell(&mut self, client: usize, text: &str) {
        let key = self.journal.lock().clients[&client].key.expect("it was opened");
        let tell = Tell { key, text: text.to_owned() };
        self.simulation.handle.command(key, tell).expect("room");
    }

    fn take(&mut self, client: usize) -> Vec<Heard> {
        std::mem::take(&mut self.heard[client])
    }

    fn codes(&mut self, client: usize) -> Vec<Option<u16>> {
        let code = |heard| match heard {
            Heard::Close(code, _) => code.map(CloseCode::number),
            _ => None,
        };
        self.take(client).into_iter().map(code).collect()
    }

    fn turn(&mut self) -> bool {
        let mut turned = false;
        while self.simulation.turn().expect("a simulated poller never fails").is_some() {
            turned = true;
        }
        turned
    }

    /// Lets everything happen that happens without time.
    fn rest(&mut self) {
        for _ in 0..10_000 {
            let turned = self.turn();
            let now = self.network.now();
            for (client, heard) in self.clients.iter_mut().zip(&mut self.heard) {
                client.write(usize::MAX);
                // The second time, it finds the end that came with the last bytes.
                heard.extend(client.read(usize::MAX, now));
                heard.extend(client.read(usize::MAX, now));
                client.write(usize::MAX);
            }
            if !self.network.get_on() && !turned {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Lets time pass, and whatever is due happen on time.
    fn pass(&mut self, time: Duration) {
        let until = self.network.now() + time;
        loop {
            self.rest();
            let now = self.network.now();
            let next = self.simulation.wakes_at().filter(|wakes_at| *wakes_at < until);
            match next {
                Some(wakes_at) => self.network.advance(wakes_at.saturating_duration_since(now)),
                None if now < until => self.network.advance(until.saturating_duration_since(now)),
                None => return,
            }
        }
    }
}

fn publication(shared: &str) -> Publication {
    let envelope = Envelope { shared: Bytes::from(shared.to_owned()), closing: "" };
    let room = Room::parse(r#"{"r":1}"#).expect("a room");
    Publication::new(vec![room], Match::Literal, envelope)
}

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}
