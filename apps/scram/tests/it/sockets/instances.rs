//! Several servers on one database.

use super::peer::{OPEN, Peer, adds, line, until};
use super::translator::many;
use crate::stage::{Stage, serve};
use crate::world::{World, ada, add, add_until, found_by, wanted};
use campanile_scram::server::Server;
use chrono::{TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Two {
    one: Stage,
    two: Server,
}

async fn two(world: World, others: &[(&str, &str)]) -> Two {
    let url = world.url.clone();
    let settings =
        |name| [&[OPEN, ("SCRAM_INSTANCE", name), ("SCRAM_COMPARE_SECONDS", "0")], others].concat();
    let one = Stage::start(world, &settings("one")).await;
    let two = serve(&url, &settings("two")).await;
    Two { one, two }
}

/// J1 to J10: what happens on one is soon told by the other, in order, both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_one_instance_reaches_the_other_s_translators_within_seconds_and_in_order() {
    let Some(world) = World::postgres() else { return };
    let Two { one, two } = two(world, &[]).await;
    let mut here = Peer::old(one.address()).await;
    let mut there = Peer::old(two.address()).await;
    for (near, far) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
        let began = Instant::now();
        let (first, second) = (add(&one.app().store, near).await, add(&two.app().store, far).await);
        let expected = adds(&[&first.network.to_string(), &second.network.to_string()]);
        assert_eq!(here.hear_lines(2).await, expected);
        assert_eq!(there.hear_lines(2).await, expected);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        one.app().store.remove(found_by(near), &ada()).await.unwrap();
        let removed = [format!("translator_remove {}", first.network)];
        assert_eq!(here.hear_lines(1).await, removed);
        assert_eq!(there.hear_lines(1).await, removed);
        // It expires on either.
        let soon = Utc::now() + TimeDelta::seconds(1);
        add_until(&one.app().store, far, soon).await;
        let expected = [
            adds(&[&second.network.to_string()]),
            vec![format!("translator_remove {}", second.network)],
        ]
        .concat();
        assert_eq!(here.hear_lines(2).await, expected);
        assert_eq!(there.hear_lines(2).await, expected);
    }
    let mut expected = Vec::new();
    for number in 0..60 {
        let store = if number % 2 == 0 { &one.app().store } else { &two.app().store };
        expected.push(format!("translator_add {}", add(store, &many(number)).await.network));
    }
    assert_eq!(here.hear_lines(60).await, expected);
    assert_eq!(there.hear_lines(60).await, expected);
    assert!(here.hears_nothing().await && there.hears_nothing().await, "each was told once");
    two.shutdown().await;
    one.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_redis_checks_reach_the_translators_of_all_instances_and_changes_come_once() {
    let Some(world) = World::postgres() else { return };
    let Some(redis) = Redis::start() else { return };
    let Two { one, two } = two(world, &[("SCRAM_REDIS_URL", &redis.url)]).await;
    let mut here = Peer::old(one.address()).await;
    let mut there = Peer::old(two.address()).await;
    add(&one.app().store, "192.0.2.1").await;
    for peer in [&mut here, &mut there] {
        assert_eq!(peer.hear_lines(1).await, adds(&["192.0.2.1/32"]));
        assert!(peer.hears_nothing().await, "one instance's dispatcher is not the other's");
    }
    let mut browser = Peer::browser(&one, "cleo").await.unwrap();
    browser.ask("192.0.2.1").await;
    for (peer, is_blocked) in [(&mut here, true), (&mut there, false)] {
        let mut answer = peer.hear().await;
        answer["type"] = json!("translator_check_resp");
        answer["message"]["is_blocked"] = json!(is_blocked);
        peer.say(answer).await;
        assert_eq!(browser.hear().await["message"]["is_blocked"], is_blocked);
    }
    two.shutdown().await;
    one.end().await;
}

/// A Redis of a test's own.
struct Redis {
    url: String,
    child: Child,
}

impl Redis {
    fn start() -> Option<Redis> {
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        #[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
        let Ok(child) = child else {
            eprintln!("not run, because redis-server is not installed");
            return None;
        };
        let redis = Redis { url: format!("redis://127.0.0.1:{port}"), child };
        wait_for_port(SocketAddr::from(([127, 0, 0, 1], port)));
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in a process of its own, to be killed.
pub(super) struct Process {
    pub(super) address: SocketAddr,
    url: String,
    child: Option<Child>,
}

impl Process {
    pub(super) fn start(url: &str) -> Process {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut process = Process { address, url: url.to_owned(), child: None };
        process.restart();
        process
    }

    pub(super) fn restart(&mut self) {
        let child = Command::new(env!("CARGO_BIN_EXE_scram"))
            .arg("serve")
            .env_clear()
            .env("SCRAM_LISTEN", self.address.to_string())
            .env("SCRAM_DATABASE_URL", &self.url)
            .env("SCRAM_INSTANCE", "process")
            .env("SCRAM_TRANSLATOR_AUTH", "open")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
        wait_for_port(self.address);
    }

    /// Ends it at once, as kill -9 does.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for_port(address: SocketAddr) {
    let deadline = Instant::now() + super::peer::PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "{address} is not listened on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A translator that connects again and again, as the real one does.
async fn follow(address: SocketAddr, routes: &std::sync::Mutex<BTreeSet<String>>) {
    loop {
        if TcpStream::connect(address).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        let offer = [("Sec-WebSocket-Protocol", "scram.v2")];
        let opened =
            tokio::spawn(async move { Peer::open(address, super::peer::BLOCK, &offer).await });
        let Ok(Ok(mut peer)) = opened.await else { continue };
        let mut replay: Option<BTreeSet<String>> = None;
        while let Some(frame) = peer.next().await {
            let line = line(&frame);
            let mut routes = routes.lock().unwrap();
            match line.split_once(' ') {
                Some(("translator_add", route)) => {
                    replay.as_mut().map(|replay| replay.insert(route.to_owned()));
                    routes.insert(route.to_owned());
                }
                Some(("translator_remove", route)) => {
                    routes.remove(route);
                }
                _ if line == "translator_sync_begin" => replay = Some(BTreeSet::new()),
                _ if line == "translator_sync_end" => {
                    let heard = replay.take().unwrap();
                    routes.retain(|route| heard.contains(route));
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_reaches_translators_though_the_server_is_killed_before_it_tells() {
    let Some(world) = World::postgres() else { return };
    let store = world.instance("other").await;
    let mut process = Process::start(&world.url);
    let routes = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let (address, followed) = (process.address, std::sync::Arc::clone(&routes));
    let following = tokio::spawn(async move { follow(address, &followed).await });
    let adding = {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..1_500 {
                store.add(&wanted(&many(number)), &ada()).await.unwrap();
                if number % 3 == 0 {
                    store.remove(found_by(&many(number / 2)), &ada()).await.unwrap();
                }
            }
        })
    };
    for round in 0..6_u64 {
        // At whatever it does just then: reading, sending, replaying, or keeping its position.
        tokio::time::sleep(Duration::from_millis(150 + 97 * round)).await;
        process.kill();
        tokio::time::sleep(Duration::from_millis(50)).await;
        process.restart();
    }
    adding.await.unwrap();
    let block = store.action_type("block").await.unwrap().unwrap();
    let active = store.active_networks(block.id, 0, 10_000).await.unwrap();
    let active: BTreeSet<String> = active.iter().map(|(_, network)| network.to_string()).collect();
    until("the translator has what is active", async || {
        (*routes.lock().unwrap() == active).then_some(())
    })
    .await;
    following.abort();
}
