//! Loops and clients in a world made of a seed. `CAMPANILE_SEEDS=N` plays N seeds,
//! `CAMPANILE_SEED=X` that one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use campanile_manager::hub::{Match, Room};
use campanile_manager::testing::{Client, Faults, Heard, Network, Random, Simulation};
use campanile_manager::wire::deflate::Agreed;
use campanile_manager::wire::{self, CloseCode};
use campanile_manager::{
    Adoption, Config, ConnectionKey, Envelope, PostError, Publication, Slow, Statistics,
};

use crate::model::{Peer, Published};
use crate::service::{Journal, Rooms, Session, Tell};

#[test]
fn whatever_the_lines_do_every_subscription_hears_its_publications_once_and_in_order() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("CAMPANILE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CAMPANILE_SEEDS").unwrap_or(300),
    };
    let (many, mut met) = (seeds.clone().count() >= 100, Vec::new());
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| World::new(seed).play())) {
            Ok(statistics) => met.push(statistics),
            Err(panic) => {
                eprintln!("play it again: CAMPANILE_SEED={seed}");
                resume_unwind(panic);
            }
        }
    }
    for (name, _, _) in Statistics::default().iter().filter(|_| many) {
        let all: u64 =
            met.iter().flat_map(Statistics::iter).filter(|it| it.0 == name).map(|it| it.2).sum();
        let is_level = ["connections", "rooms", "subscriptions", "frames_waiting"].contains(&name);
        assert!(all > 0 || is_level || name == "patterns_refused", "no seed met {name}");
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..20 {
        assert_eq!(World::new(seed).play(), World::new(seed).play(), "seed {seed}");
    }
}

struct World {
    random: Random,
    config: Config,
    network: Network,
    simulation: Simulation<Rooms>,
    journal: Journal,
    peers: Vec<Peer>,
    published: Vec<Published>,
    clients_max: usize,
    rooms: usize,
    publication_bytes_max: usize,
    /// What publications say of slow clients, one of them each.
    slow: &'static [Slow],
    ids: usize,
    told: usize,
    /// Time jumps so far that clients cannot keep up with.
    jumps: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let faults = Faults {
            short_reads: random.one_of(&[0, 100, 900]),
            short_writes: random.one_of(&[0, 100, 900]),
            stalls: random.one_of(&[0, 50, 500]),
            interrupts: random.one_of(&[0, 0, 100]),
            delays: random.one_of(&[0, 300, 700]),
            room_bytes_max: random.one_of(&[500, 5_000, 100_000]),
        };
        let config = Config {
            loops: random.one_of(&[1, 2, 4]),
            websocket: Arc::new(wire::Config {
                quiet_max: random.one_of(&[None, Some(Duration::from_secs(100))]),
                ..wire::Config::default()
            }),
            outbox_bytes_max: random.one_of(&[3_000, 30_000, 1 << 20]),
            read_bytes_max: random.one_of(&[16, 100, 4_096, 65_536]),
            mailbox_letters_max: random.one_of(&[20, 65_536]),
            mailbox_bytes_max: random.one_of(&[100_000, 64 << 20]),
            turn_deliveries_max: random.one_of(&[1, 5, 1 << 18]),
            copy_bytes_max: random.one_of(&[0, 100, 8_192]),
            compress_bytes_min: random.one_of(&[0, 512]),
            ..Config::default()
        };
        let network = Network::new(random.number(), faults);
        let journal = Journal::default();
        journal.lock().handled = vec![0; config.loops];
        let service = |_| Rooms { journal: journal.clone() };
        let simulation = Simulation::new(&config, &network, random.number(), service);
        Self {
            clients_max: random.one_of(&[1, 4, 30]),
            rooms: random.one_of(&[1, 3]),
            publication_bytes_max: random.one_of(&[10, 1_000, 20_000]),
            jumps: random.in_a_thousand(200),
            slow: random.one_of(&[
                &[Slow::Close],
                &[Slow::DropOldest],
                &[Slow::Latest],
                &[Slow::Close, Slow::DropOldest, Slow::Latest],
            ]),
            ids: 0,
            told: 0,
            random,
            config,
            network,
            simulation,
            journal,
            peers: Vec::new(),
            published: Vec::new(),
        }
    }

    fn play(mut self) -> Statistics {
        for _ in 0..self.random.one_of(&[100, 600]) {
            self.act();
        }
        self.stop()
    }

    fn act(&mut self) {
        match self.random.below(20) {
            0 | 1 if self.peers.len() < self.clients_max => self.connect(),
            0..=3 => self.publish(),
            4..=7 => self.someone(Self::say),
            8 => self.someone(Self::misbehave),
            9 if self.random.in_a_thousand(500) => drop(self.wake(false)),
            9 => self.tell(),
            10 => self.pass_time(),
            11..=13 => drop(self.network.get_on()),
            14..=16 => self.clients_read_and_write(),
            _ => drop(self.turn()),
        }
    }

    fn connect(&mut self) {
        let id = self.peers.len();
        let (socket, line) = self.network.connect();
        let window_bits = 9 + self.random.below(7) as u8;
        let deflate = self.random.in_a_thousand(400).then(|| Agreed {
            server_no_context_takeover: self.random.in_a_thousand(700),
            client_no_context_takeover: true,
            server_max_window_bits: window_bits,
            client_max_window_bits: window_bits,
        });
        let pace = self.random.one_of(&[1, 50, 1_000, usize::MAX, usize::MAX]);
        let mut peer = Peer::new(id, Client::new(line, deflate, self.network.now()), pace);
        let greeted = self.random.in_a_thousand(300);
        if greeted {
            peer.expect(format!("ok \"open{id}\""));
        }
        self.peers.push(peer);
        let mut early = Vec::new();
        if self.random.in_a_thousand(500) {
            self.say(id);
            early = self.peers[id].client.take_output();
            let rest = early.split_off(self.random.below(early.len() + 1));
            self.peers[id].client.send_raw(&rest);
        }
        let session = Session { client: id, greeted };
        let adoption = Adoption { socket, early: Bytes::from(early), deflate, session };
        if self.simulation.handle.adopt(adoption).is_err() {
            self.peers[id].broken = true;
            self.peers[id].client.leave();
        }
    }

    fn publish(&mut self) {
        let number = self.published.len() + 1;
        let padding = "abc".repeat(self.random.below(self.publication_bytes_max) / 3);
        let shared = format!("pub {number} {padding}");
        let everywhere = self.random.in_a_thousand(100);
        let rooms: Vec<String> = match everywhere {
            true => vec![r#"{"r":"*"}"#.to_owned()],
            false => (0..1 + self.random.below(2)).map(|_| self.a_room()).collect(),
        };
        let matching = if everywhere { Match::Pattern } else { Match::Literal };
        let parsed = rooms.iter().map(|room| Room::parse(room).expect("a room")).collect();
        let envelope = Envelope { shared: Bytes::from(format!("{shared} ")), closing: "" };
        let excluded = self.one_to_exclude();
        let slow = self.random.one_of(self.slow);
        let connections: Vec<_> = excluded.iter().map(|(_, key)| *key).collect();
        let publication =
            Publication::new(parsed, matching, envelope).excluding(connections).when_slow(slow);
        if self.simulation.handle.publish(publication).is_ok() {
            let rooms = (!everywhere).then_some(rooms);
            let excluded = excluded.map(|(client, _)| client);
            self.published.push(Published { rooms, shared, excluded, slow });
            self.journal.lock().accepted += 1;
        }
    }

    /// Now and then, a client that the next publication leaves out.
    fn one_to_exclude(&mut self) -> Option<(usize, ConnectionKey)> {
        if self.peers.is_empty() || !self.random.in_a_thousand(100) {
            return None;
        }
        let client = self.random.below(self.peers.len());
        let key = self.journal.lock().clients.get(&client)?.key?;
        Some((client, key))
    }

    fn a_room(&mut self) -> String {
        format!(r#"{{"r":{}}}"#, self.random.below(self.rooms))
    }

    /// Does something with a client that can still do it.
    fn someone(&mut self, what: fn(&mut Self, usize)) {
        if self.peers.is_empty() {
            return;
        }
        let id = self.random.below(self.peers.len());
        let peer = &self.peers[id];
        if peer.client.can_send() && !peer.violated && !peer.broken {
            what(self, id);
        }
    }

    fn say(&mut self, id: usize) {
        match self.random.below(13) {
            12 => self.peers[id].client.send_text("nap"),
            0..=2 => self.subscribe(id),
            3 => self.unsubscribe(id),
            4 => {
                let (count, bytes) = (self.random.below(30), self.random.below(300));
                let peer = &mut self.peers[id];
                peer.client.send_text(&format!("burst {count} {bytes}"));
                let padding = "x".repeat(bytes);
                (0..count).for_each(|number| peer.expect(format!("burst {number} {padding}")));
            }
            5 => {
                let text = format!("split {}", "é".repeat(self.random.below(300)));
                let at = self.random.below(text.len());
                let peer = &mut self.peers[id];
                peer.client.send_split(&text, at);
                peer.expected.push_back(Heard::Pong(b"?".to_vec()));
                peer.expect(text);
            }
            _ => {
                self.ids += 1;
                let text = format!("echo {} {}", self.ids, "ab".repeat(self.random.below(200)));
                self.peers[id].client.send_text(&text);
                self.peers[id].expect(text);
            }
        }
    }

    fn subscribe(&mut self, id: usize) {
        self.ids += 1;
        let room = self.a_room();
        let quoted = self.random.in_a_thousand(500);
        let name = if quoted { format!("\"s{}\"", self.ids) } else { self.ids.to_string() };
        let peer = &mut self.peers[id];
        peer.client.send_text(&format!("sub {room} {name}"));
        peer.expect(format!("ok {name}"));
        peer.open.push(name);
    }

    fn unsubscribe(&mut self, id: usize) {
        let peer = &mut self.peers[id];
        if peer.open.is_empty() {
            return;
        }
        let name = peer.open.swap_remove(self.random.below(peer.open.len()));
        peer.client.send_text(&format!("unsub {name}"));
        peer.expect(format!("gone 1 {name}"));
    }

    fn misbehave(&mut self, id: usize) {
        let key = self.journal.lock().clients.get(&id).and_then(|life| life.key);
        let handled =
            key.map_or(0, |key| self.simulation.publications_handled(usize::from(key.loop_index)));
        let now = self.network.now();
        let peer = &mut self.peers[id];
        match self.random.below(10) {
            0 | 1 => {
                peer.closed_at = Some(handled);
                peer.client.close(CloseCode::NORMAL, now);
            }
            2 => {
                peer.quits = true;
                peer.client.send_text("quit 4001");
            }
            3 => {
                // The server never reads behind this: no mask.
                peer.violated = true;
                peer.client.send_raw(&[0x81, 1, b'x']);
            }
            4 => {
                peer.broken = true;
                // In the middle of a message, often.
                peer.client.send_raw(&[0x81, 0xfe, 1]);
                peer.client.write(usize::MAX);
                peer.client.line().shut_down_write();
                peer.hung_up = true;
            }
            5 => {
                peer.broken = true;
                peer.hung_up = true;
                peer.client.write(10);
                peer.client.line().reset();
                peer.client.leave();
            }
            6 if self.random.in_a_thousand(300) => {
                peer.broken = true;
                peer.client.line().cut();
                peer.client.leave();
            }
            _ => peer.pace = self.random.one_of(&[1, 50, 1_000, usize::MAX]),
        }
    }

    fn tell(&mut self) {
        let keys: Vec<_> =
            self.journal.lock().clients.values().filter_map(|life| life.key).collect();
        let mut keys = keys;
        keys.sort_by_key(|key| (key.loop_index, key.serial));
        if !keys.is_empty() {
            let key = keys[self.random.below(keys.len())];
            let text = format!("tell {}", self.told);
            self.told += 1;
            // A full mailbox is for publications to tell of.
            let _ = self.simulation.handle.command(key, Tell { key, text });
        }
    }

    /// Has connections that were paused read on: one of them, or all.
    fn wake(&mut self, all: bool) -> bool {
        let mut napping = std::mem::take(&mut self.journal.lock().napping);
        let woken = napping.split_off(if all { 0 } else { napping.len().saturating_sub(1) });
        let has_woken = !woken.is_empty();
        for key in woken {
            let wake = Tell { key, text: "wake".to_owned() };
            if self.simulation.handle.command(key, wake) == Err(PostError::Full) {
                napping.push(key);
            }
        }
        self.journal.lock().napping.append(&mut napping);
        has_woken
    }

    fn pass_time(&mut self) {
        let far = if self.jumps { 40_000 } else { 200 };
        self.network.advance(Duration::from_millis(self.random.below(far) as u64));
    }

    /// Turns a loop, if one is awake.
    fn turn(&mut self) -> bool {
        let handled = (0..self.config.loops).map(|of| self.simulation.publications_handled(of));
        self.journal.lock().handled = handled.collect();
        let turned = self.simulation.turn().expect("a simulated poller never fails").is_some();
        let waiting = self.simulation.backlog_bytes_max();
        assert!(waiting <= self.config.outbox_bytes_max + (8 << 20), "{waiting} bytes wait");
        turned
    }

    fn clients_read_and_write(&mut self) {
        let now = self.network.now();
        for peer in &mut self.peers {
            let most = if peer.pace == usize::MAX { usize::MAX } else { 1 + peer.pace * 3 };
            peer.client.write(most);
            for heard in peer.client.read(peer.pace, now) {
                peer.hear(heard, &self.published);
            }
            // Pongs, and the answer to a close.
            peer.client.write(most);
        }
    }

    /// Stops the loops, and lets everyone read to the end.
    fn stop(mut self) -> Statistics {
        for peer in &mut self.peers {
            peer.pace = usize::MAX;
        }
        if self.random.in_a_thousand(500) {
            self.rest();
            self.check_idle();
        }
        let (stopped_at, began) = (self.published.len() as u64, self.network.now());
        let patience = Duration::from_secs(30);
        self.simulation.stop(patience);
        for _ in 0..100_000 {
            self.rest();
            if self.simulation.is_done() {
                break;
            }
            let wakes_at =
                self.simulation.wakes_at().expect("a loop that stops sleeps not for ever");
            self.network.advance(wakes_at.saturating_duration_since(self.network.now()));
        }
        assert!(self.simulation.is_done(), "the loops have stopped");
        let took = self.network.now().saturating_duration_since(began);
        assert!(took <= patience + Duration::from_millis(70), "stopping took {took:?}");
        self.rest();
        self.check(stopped_at);
        self.simulation.handle.statistics()
    }

    /// Lets everything happen that happens without time.
    fn rest(&mut self) {
        for _ in 0..200_000 {
            let moved = self.network.get_on() | self.wake(true);
            let turned = self.turn();
            self.clients_read_and_write();
            let silent =
                self.peers.iter().all(|peer| peer.client.is_written() || peer.client.is_over());
            if !moved && !turned && silent && !(0..50).any(|_| self.network.get_on()) {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Whoever is well has heard everything, before anybody stops.
    fn check_idle(&self) {
        let entries = self.journal.lock();
        assert_eq!(self.simulation.handle.mailbox_waiting(), 0, "letters wait");
        for peer in &self.peers {
            let is_gone = entries.clients.get(&peer.id).is_none_or(|life| !life.closed.is_empty());
            assert!(!peer.hung_up || is_gone, "client {} hung up, and is still held", peer.id);
            let is_well = entries.clients.get(&peer.id).is_some_and(|life| life.closed.is_empty())
                && !(peer.broken || peer.violated || peer.close.is_some())
                && peer.client.can_send();
            if is_well {
                assert!(
                    peer.expected.is_empty(),
                    "client {}: waits for {:?}",
                    peer.id,
                    peer.expected
                );
            }
        }
    }

    fn check(&self, stopped_at: u64) {
        let entries = self.journal.lock();
        for peer in &self.peers {
            let Some(life) = entries.clients.get(&peer.id) else { continue };
            assert_eq!(life.opened, 1, "client {}", peer.id);
            assert_eq!(life.closed.len(), 1, "client {}: {:?}", peer.id, life.closed);
            peer.check(&self.published, &entries, stopped_at);
            let is_clean = life.closed.iter().all(|closed| closed.clean);
            assert!(!(peer.reset && is_clean), "client {} was reset: {life:?}", peer.id);
            if !(peer.broken || self.jumps) {
                assert!(peer.close.is_some(), "client {} heard no close: {life:?}", peer.id);
            }
        }
        let told: usize = self.peers.iter().map(|peer| peer.told).sum();
        assert!(told <= entries.told, "{told} of {} heard what was told", entries.told);
        let statistics = self.simulation.handle.statistics();
        assert_eq!(self.simulation.handle.mailbox_waiting(), 0, "letters wait");
        assert_eq!((statistics.connections, statistics.rooms), (0, 0));
        assert_eq!((statistics.subscriptions, statistics.frames_waiting), (0, 0));
        assert_eq!(statistics.adopted, entries.clients.len() as u64);
        assert_eq!(statistics.ended, statistics.adopted);
    }
}
